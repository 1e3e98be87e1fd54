/**
 * The same where the queue is of class `disk`, and its dead letters a topic of another shard: a start that finishes moves
 * writes behind the holes that a loss of power leaves, so that only this is asked of it: each job is in one place, with the
 * same bytes, and stays there.
 */
import { Machine } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { Violation } from "../../oracle/oracle.ts";
import { quiet, started } from "../setup.ts";
import { Workers } from "../workers.ts";

const jobs = 5;

export const operation: Operation = {
  name: "dead-letter-disk",
  setup: async (machine) => {
    await started(machine);
    const workers = new Workers(machine);
    const config = { type: "queue", maxDeliveries: 1, deadLetter: "dead" } as const;
    await machine.until(machine.client.create("q", "disk", config));
    await machine.until(machine.client.create("dead", "memory", { type: "queue" }));
    await machine.until(machine.client.append("q", jobs));
    await machine.until(workers.claim("q", "a", jobs, 100));
    await quiet(machine);
  },
  run: async (machine) => {
    await machine.until(new Workers(machine).bury("q", "dead", 1));
    await machine.judge("none");
  },
  examine: async ({ disk, oracle, server, id, wallMs }) => {
    let machine = new Machine({
      disk: disk.clone(),
      oracle: oracle.clone(),
      config: server,
      seed: `${id}/first`,
      wallMs,
    });
    await machine.start();
    const found = await places(machine);
    machine.disk.kill();
    machine = new Machine({ disk: machine.disk, oracle, config: server, seed: `${id}/again`, wallMs });
    await machine.start();
    if ((await places(machine)) !== found) throw new Violation("9.4/8", "a second start finds jobs in other places");
    return { recoveries: 2 };
  },
};

async function places(machine: Machine): Promise<string> {
  const seen = await machine.observe();
  const found = ["q", "dead"].flatMap((topic) => (seen.get(topic)?.records ?? []).map(({ data }) => ({ topic, data })));
  if (found.length !== jobs || new Set(found.map(({ data }) => data)).size !== jobs)
    throw new Violation("9.4/8", `${jobs} jobs are in these places: ${JSON.stringify(found)}`);
  return JSON.stringify(found);
}
