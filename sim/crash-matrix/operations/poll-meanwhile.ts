/** A record comes while a reader is on its way from its look at the head to its place among those who wait (2.7). */
import { readRequest } from "../../oracle/observation.ts";
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { expect, started } from "../setup.ts";

const classes = ["ephemeral", "memory", "disk"] as const;
const waitMs = 5000;
/** A look and an append are each so many continuations long, at most. */
const longestWay = 24;

export const operation: Operation = {
  name: "poll-meanwhile",
  server: { shards: 1, wal: smallFiles },
  setup: async (machine) => {
    await started(machine);
    for (const durability of classes) await machine.until(machine.client.create(durability, durability));
  },
  run: async (machine) => {
    const { client, door, scheduler } = machine;
    for (const name of classes) {
      for (let ahead = -longestWay; ahead <= longestWay; ahead += name === "ephemeral" ? 1 : 4) {
        const { headSeq: from } = await door.topicState(name, false);
        const startedMs = scheduler.clock.monotonicMs();
        const appended = async (): Promise<unknown> => (await continuations(-ahead), client.append(name, 1));
        const polled = async (): Promise<void> => {
          await continuations(ahead);
          const page = await door.read(name, readRequest(from, 10, waitMs));
          page.release();
          expect(page.nextFromSeq > from, "a reader who waits is shown the record");
        };
        await machine.until(Promise.all([polled(), appended()]));
        const tookMs = scheduler.clock.monotonicMs() - startedMs;
        expect(tookMs < waitMs, `who waits is woken by the record, and not after ${tookMs} ms`);
      }
    }
    await machine.judge("none");
  },
};

async function continuations(count: number): Promise<void> {
  for (let at = 0; at < count; at++) await Promise.resolve();
}
