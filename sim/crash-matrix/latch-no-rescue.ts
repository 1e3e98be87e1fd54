/** A sync fails, and so does the rescue: what was asked for is of unknown outcome, and a restart shows it. */
import { smallFiles } from "./machine.ts";
import type { Operation } from "./operation.ts";
import { awaitLatch, expect, readyToLatch } from "./setup.ts";

/** `how`: what the syncs covered stays dirty, or the cache forgets it (`B`). */
export function latchNoRescue(name: string, how: "EIO" | "EIO:B"): Operation {
  return {
    name,
    server: { shards: 1, wal: smallFiles },
    faults: [`datasync(wal-)#2:${how}:forever`],
    cacheIsNoWitness: how === "EIO:B",
    setup: readyToLatch,
    run: async (machine) => {
      const { client } = machine;
      await machine.until(client.append("fsync", 1));
      await machine.until(client.append("disk", 2));
      const failed = await machine.until(client.append("fsync", 3));
      expect(failed === "unknown", `the outcome is unknown, and not ${failed ?? "acked"}`);
      await awaitLatch(machine, false);
      await machine.judge("none");
    },
  };
}
