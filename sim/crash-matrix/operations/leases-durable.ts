/** Claims, acks, delays and extensions of queues whose leases are durable: what was told holds afterwards. */
import type { Operation } from "../operation.ts";
import { quiet, started } from "../setup.ts";
import { Workers } from "../workers.ts";

export const operation: Operation = {
  name: "leases-durable",
  setup: async (machine) => {
    await started(machine);
    for (const durability of ["disk", "fsync"] as const) {
      await machine.until(machine.client.create(durability, durability, { type: "queue", leasesDurable: true }));
      await machine.until(machine.client.append(durability, 7));
    }
    await quiet(machine);
  },
  run: async (machine) => {
    const workers = new Workers(machine);
    const both = (work: (topic: string) => Promise<unknown>): Promise<unknown> =>
      machine.until(Promise.all([work("disk"), work("fsync")]));
    await both((topic) => workers.claim(topic, "a", 3, 300_000));
    await both((topic) => workers.claim(topic, "b", 2, 300_000));
    await both((topic) => workers.ack(topic, "a", 1));
    await both((topic) => workers.nack(topic, "b", 60_000, 1));
    await both((topic) => workers.extend(topic, "a", 350_000));
    await both((topic) => workers.nack(topic, "a", 0, 1));
    await both((topic) => workers.claim(topic, "c", 1, 200_000));
    await machine.judge("none");
  },
  verify: (machine) => new Workers(machine).verify(),
};
