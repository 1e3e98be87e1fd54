/** One record a request: what a request costs, and how long one writer waits for its ack. */
import { createTopic } from "../call.ts";
import { drive } from "../drive.ts";
import type { Driven } from "../drive.ts";
import type { Pace, UrlRow } from "../row.ts";
import { withTopic } from "../topic.ts";

type Durability = "disk" | "fsync";

const shape = { records: 1, payloadBytes: 64 };

async function load(url: string, durability: Durability, connections: number, pace: Pace): Promise<Driven> {
  return withTopic(url, async (topic) => {
    await createTopic(url, topic, { durability });
    return drive({ url, connections, traffic: { kind: "append", topic, shape }, ...pace });
  });
}

function rateRow(durability: Durability, connections: number, floor?: number): UrlRow {
  return {
    on: "url",
    name: `single-${durability}-${connections}`,
    title: `single-record writes, \`${durability}\`, ${connections} connections`,
    unit: "records/s",
    ...(floor === undefined ? {} : { floor }),
    async measure(url, pace) {
      const driven = await load(url, durability, connections, pace);
      return { ...driven, value: driven.requestsPerSecond };
    },
  };
}

function ackRow(durability: Durability, floor?: number): UrlRow {
  return {
    on: "url",
    name: `single-ack-${durability}`,
    title: `single-record ack, \`${durability}\`, one connection, p50`,
    unit: "ms",
    ...(floor === undefined ? {} : { floor }),
    async measure(url, pace) {
      const driven = await load(url, durability, 1, pace);
      return { ...driven, value: driven.p50Ms };
    },
  };
}

export const rows: readonly UrlRow[] = [
  rateRow("disk", 64, 30_000),
  rateRow("fsync", 64),
  ackRow("disk", 0.15),
  ackRow("fsync"),
];
