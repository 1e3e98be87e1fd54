/**
 * What is done with one crash image (spec 8.3): recover and judge; recover again and find the same; interrupt a recovery;
 * write again, crash again, and once more, judging each time.
 */
import { StartRefusal } from "../../src/storage/refusal.ts";
import { TopicsError } from "../../src/base/errors.ts";
import type { SimulatedDisk } from "../disk/disk.ts";
import type { Crash } from "../oracle/crash.ts";
import { difference, type Observation } from "../oracle/observation.ts";
import { type Oracle, Violation } from "../oracle/oracle.ts";
import { Prng } from "../prng.ts";
import { Died, Machine, type ServerConfig } from "./machine.ts";

export interface Image {
  readonly id: string;
  readonly disk: SimulatedDisk;
  readonly oracle: Oracle;
  readonly crash: Crash;
  /** The machine kept running: what was written is there, and what was not synced can still be lost. */
  readonly keepsCache: boolean;
  readonly wallMs: number;
  readonly server: ServerConfig;
  readonly mayWantSpace: boolean;
  /** The operation had come to its end. */
  readonly isOver: boolean;
  readonly verify?: ((machine: Machine) => Promise<void>) | undefined;
}

export interface Depth {
  /** Crashes after the one that made the image, with writes in between. */
  readonly furtherCrashes: number;
  /** Recoveries that are interrupted. */
  readonly interruptions: number;
}

/** Recoveries that were judged. */
export interface Examined {
  readonly recoveries: number;
}

const plenty = 1 << 30;

export async function examine(image: Image, depth: Depth): Promise<Examined> {
  const prng = new Prng(image.id);
  let recoveries = 0;
  const machineOn = (disk: SimulatedDisk, oracle: Oracle, label: string): Machine =>
    new Machine({ disk, oracle, config: image.server, seed: `${image.id}/${label}`, wallMs: image.wallMs });

  const first = machineOn(image.disk.clone(), image.oracle.clone(), "first");
  await startWithSpace(first, image.mayWantSpace);
  const steps = first.disk.gate.mutations;
  const found = await first.judge(image.crash);
  recoveries++;

  for (let count = 0; count < depth.interruptions; count++) {
    await interrupted(image, machineOn, prng, steps, found);
    recoveries++;
  }

  if (image.verify !== undefined) {
    const looked = machineOn(image.disk.clone(), image.oracle.clone(), "looked at");
    await startWithSpace(looked, image.mayWantSpace);
    await looked.judge(image.crash);
    await image.verify(looked);
    recoveries++;
  }

  const again = crashed(first, prng, machineOn, "again");
  await again.machine.start();
  recoveries++;
  // A machine that has only ever lost a process may give up seqs when it loses its power; and routers went on meanwhile.
  if (hasRouters(again.machine)) await again.machine.judge(again.crash);
  else if (image.keepsCache && again.crash === "power") await again.machine.judge("power");
  else same(found, await again.machine.observe(), `recovery after recovery and ${again.crash}`);

  let { machine } = again;
  for (let count = 1; count <= depth.furtherCrashes; count++) {
    await repeatKeys(machine);
    const stopped = await writeAndMaybeStop(machine, prng.fork(`writes ${count}`));
    const next = crashed(machine, prng.fork(`crash ${count}`), machineOn, `crash ${count}`);
    machine = next.machine;
    await machine.start();
    await machine.judge(stopped ? "clean" : next.crash);
    recoveries++;
  }
  return { recoveries };
}

type MachineOn = (disk: SimulatedDisk, oracle: Oracle, label: string) => Machine;

/** A full disk may stop a start, if it says so; with room it must succeed. */
async function startWithSpace(machine: Machine, mayWantSpace: boolean): Promise<void> {
  if (mayWantSpace) {
    try {
      await machine.start();
    } catch (error) {
      if (!(error instanceof StartRefusal) || error.kind !== "space") throw error;
    }
    machine.disk.kill();
    machine.disk.setFreeBytes(plenty);
  }
  await machine.start();
}

async function interrupted(
  image: Image,
  machineOn: MachineOn,
  prng: Prng,
  steps: number,
  found: Observation,
): Promise<void> {
  const oracle = image.oracle.clone();
  const machine = machineOn(image.disk.clone(), oracle, "interrupted");
  if (image.mayWantSpace) machine.disk.setFreeBytes(plenty);
  const at = prng.below(steps + 1);
  machine.disk.crashAt(at);
  try {
    await machine.start();
  } catch (error) {
    if (!(error instanceof Died)) throw error;
  }
  machine.disk.crashAt(Number.POSITIVE_INFINITY);
  const next = crashed(machine, prng, machineOn, "resumed");
  await next.machine.start();
  const what = `recovery interrupted at call ${at} by ${next.crash}`;
  // What only the page cache had may go with the power, and then another log is what there is.
  if (hasRouters(next.machine)) await judged(next.machine, what, image.crash === "power" ? "power" : next.crash);
  else if (next.crash === "power" && image.keepsCache) await judged(next.machine, what, "power");
  else same(found, await next.machine.observe(), what);
}

function hasRouters({ oracle }: Machine): boolean {
  return oracle.links.routers.length > 0;
}

async function judged(machine: Machine, what: string, crash: Crash): Promise<void> {
  try {
    await machine.judge(crash);
  } catch (error) {
    if (error instanceof Violation) throw new Violation(error.invariant, `${error.message} (${what})`);
    throw error;
  }
}

function same(before: Observation, after: Observation, what: string): void {
  const differs = difference(before, after);
  if (differs !== undefined) throw new Violation("1.10/7", `${what} does not find the same: ${differs}`);
}

/** The process dies, and with it, as often as not, what the machine had in its cache. */
function crashed(
  machine: Machine,
  prng: Prng,
  machineOn: MachineOn,
  label: string,
): { machine: Machine; crash: Crash } {
  machine.disk.kill();
  const { oracle } = machine;
  if (prng.chance(50)) return { machine: machineOn(machine.disk, oracle, label), crash: "kill" };
  const survival = prng.pick(["none", "all", "last", "entries", "lengths", "data", `seed:${prng.next32()}`]);
  return { machine: machineOn(machine.disk.powerLoss(survival), oracle, label), crash: "power" };
}

/** 9.4/6: whoever repeats a write that survived gets its first answer, and nothing is appended. */
async function repeatKeys(machine: Machine): Promise<void> {
  for (const { name, base } of machine.oracle.topics) {
    if (base === undefined || !["disk", "fsync"].includes(base.config.durability)) continue;
    for (const [key, known] of base.keys) await machine.until(machine.client.repeat(name, key, known));
  }
}

/** Something of everything, to every topic; the process dies on the way, or lives, or stops. `true` for a clean stop. */
async function writeAndMaybeStop(machine: Machine, prng: Prng): Promise<boolean> {
  const { disk } = machine;
  const dies = prng.chance(60);
  if (dies) disk.crashAt(disk.gate.mutations + prng.below(30));
  try {
    await writeAgain(machine, prng);
    await machine.judge("none");
    if (prng.chance(30)) await machine.pass(300);
    if (dies || prng.chance(60)) return false;
    await machine.stop();
    return true;
  } catch (error) {
    if (!(error instanceof Died)) throw error;
    return false;
  } finally {
    disk.crashAt(Number.POSITIVE_INFINITY);
  }
}

async function writeAgain(machine: Machine, prng: Prng): Promise<void> {
  const { client, oracle } = machine;
  const names = oracle.topics.filter(({ base }) => base !== undefined).map(({ name }) => name);
  for (const name of [...names, "afterwards"]) {
    const answers = await machine.until(
      Promise.all([
        client.append(name, prng.between(1, 3), { tag: "again" }),
        ...(name === "afterwards" ? [] : [client.append(name, 1, { padBytes: prng.below(2000) })]),
      ]),
    );
    const refused = answers.find((answer) => answer !== undefined);
    if (refused !== undefined && refused !== "topic_full")
      throw new Violation("1.10/2", `a healthy server refused a write to ${name}: ${refused}`);
  }
  const last = names.at(-1);
  if (last !== undefined && prng.chance(30)) await machine.until(client.deleteTag(last, "again"));
}

/** For callers that want to tell a refusal from a bug. */
export function isRefusal(error: unknown): boolean {
  return error instanceof StartRefusal || error instanceof TopicsError;
}
