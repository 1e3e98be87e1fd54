/**
 * One run of an operation, with the machine copied at every mutating call just before it takes effect, and after the last:
 * each copy is what a crash at that call leaves, with what clients had been told by then.
 */
import { SimulatedDisk } from "../disk/disk.ts";
import { atOnce } from "../disk/call-gate.ts";
import { describeCall } from "../disk/call.ts";
import { Oracle } from "../oracle/oracle.ts";
import { scheduledCompletions } from "../scheduled-completions.ts";
import { Scheduler } from "../scheduler.ts";
import { Machine, defaultServer, inTurn } from "./machine.ts";
import type { Operation } from "./operation.ts";
import { eventsOf } from "./setup.ts";

export interface Moment {
  /** The mutating call, from 0, that was not made. */
  readonly number: number;
  readonly call: string;
  readonly disk: SimulatedDisk;
  readonly oracle: Oracle;
  readonly wallMs: number;
  /** A planted fault has struck: the page cache is no witness. */
  readonly struck: boolean;
  /**
   * A sync has failed, the cache may have forgotten what it covered, and the note that says so is still to come: nothing
   * that a death of the process now would leave tells of it (6.6 makes the note the first act for that reason). Who says
   * that a shard has latched has written it.
   */
  readonly isUnknowable: boolean;
  readonly isClean: boolean;
  /** Every call was made. */
  readonly isOver: boolean;
}

const startMs = Date.UTC(2030, 0, 1);

export async function momentsOf(operation: Operation, seed: number): Promise<Moment[]> {
  const moments: Moment[] = [];
  const scheduler = new Scheduler({ seed: `${operation.name}/${seed}`, wallMs: startMs });
  const completions = operation.order === "shuffled" ? scheduledCompletions(scheduler) : inTurn(scheduler);
  const disk = new SimulatedDisk({ seed, directories: ["/data", ...(operation.directories ?? [])], completions });
  const config = operation.server ?? defaultServer;
  const machine = new Machine({ disk, oracle: new Oracle(), config, seed: `${operation.name}/${seed}`, scheduler });
  let noted = false;
  const keep = (call: string, isOver: boolean): void => {
    const fired = [...machine.disk.injector.fired()].filter(([, times]) => times > 0).map(([fault]) => fault);
    moments.push({
      number: moments.length,
      call,
      disk: machine.disk.clone({ completions: atOnce }),
      oracle: machine.oracle.clone(),
      wallMs: machine.nowMs,
      struck: fired.length > 0,
      isUnknowable:
        fired.some((fault) => fault.startsWith("datasync")) && !noted && eventsOf(machine, "wal-latched") === 0,
      isClean: isOver && operation.endsClean === true,
      isOver,
    });
    if (fired.length > 0 && /^write .*\/LOCK/.test(call)) noted = true;
  };
  await operation.setup?.(machine);
  machine.oracle.topics.forEach(({ name, live }) => {
    if (live !== undefined && !machine.isDead) void machine.client.watch(name);
  });
  disk.injector.plant(...(operation.faults ?? []));
  machine.disk.onCall((call) => keep(describeCall(call), false));
  await operation.run(machine);
  machine.check();
  keep("the end", true);
  return moments;
}
