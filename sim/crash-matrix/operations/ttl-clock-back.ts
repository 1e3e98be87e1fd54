/**
 * What readers were told has expired does not come back with a clock that steps back (spec 1.6): nothing else happens, so an
 * expiry is logged for its own sake. Tried on copies, whose clock is another one than the oracle's.
 */
import { atOnce } from "../../disk/call-gate.ts";
import { Machine, smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { expect, quiet, started } from "../setup.ts";

const ttlMs = 10_000;
const hourMs = 3_600_000;

async function staysExpired(machine: Machine, topics: readonly string[]): Promise<void> {
  const disk = machine.disk.clone({ completions: atOnce });
  disk.kill();
  const seed = `${machine.seed}/earlier`;
  const { config, nowMs } = machine;
  const next = new Machine({ disk, oracle: machine.oracle.clone(), config, seed, wallMs: nowMs - hourMs });
  await next.start();
  const seen = await next.observe();
  for (const topic of topics)
    expect(seen.get(topic)?.count === 0, `what had expired in ${topic} is gone, whatever the clock says`);
}

export const operation: Operation = {
  name: "ttl-clock-back",
  server: { shards: 2, wal: smallFiles },
  setup: async (machine) => {
    await started(machine);
    for (const name of ["d", "f"]) await machine.until(machine.client.create(name, "disk", { ttlMs }));
  },
  run: async (machine) => {
    const { client } = machine;
    for (const name of ["d", "f"]) await machine.until(client.append(name, 3));
    await quiet(machine);
    await machine.pass(ttlMs + 2000);
    await machine.judge("none");
    await staysExpired(machine, ["d", "f"]);
  },
};
