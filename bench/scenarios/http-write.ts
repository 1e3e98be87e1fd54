/** Appending over HTTP: 16 writers of one topic, a hundred records of 64 bytes at a time. */
import { createTopic } from "../call.ts";
import { drive } from "../drive.ts";
import type { Measured, Pace, UrlRow } from "../row.ts";
import { withTopic } from "../topic.ts";

const connections = 16;
const shape = { records: 100, payloadBytes: 64 };

function row(durability: "disk" | "fsync", floor: number): UrlRow {
  return {
    on: "url",
    name: `http-write-${durability}`,
    title: `HTTP write, \`${durability}\`, ${connections} connections × batch ${shape.records}, ${shape.payloadBytes} B`,
    unit: "records/s",
    floor,
    measure: (url, pace) => withTopic(url, (topic) => measure(url, topic, durability, pace)),
  };
}

async function measure(url: string, topic: string, durability: string, pace: Pace): Promise<Measured> {
  await createTopic(url, topic, { durability });
  const driven = await drive({ url, connections, traffic: { kind: "append", topic, shape }, ...pace });
  return { ...driven, value: driven.requestsPerSecond * shape.records };
}

export const rows: readonly UrlRow[] = [row("disk", 1_000_000), row("fsync", 600_000)];
