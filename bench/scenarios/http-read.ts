/** Reading over HTTP: a thousand records at a time, by readers that walk the whole log. */
import { createTopic, headOf } from "../call.ts";
import { drive } from "../drive.ts";
import type { UrlRow } from "../row.ts";
import { withTopic } from "../topic.ts";

const connections = 8;
const records = 500_000;
const limit = 1000;
const shape = { records: 1000, payloadBytes: 64 };

export async function fill(
  url: string,
  topic: string,
  total: number,
  batch: number,
  config: Readonly<Record<string, unknown>> = { durability: "disk" },
): Promise<void> {
  await createTopic(url, topic, config);
  await drive({
    url,
    connections: 4,
    traffic: { kind: "append", topic, shape: { ...shape, records: batch } },
    warmUpMs: 0,
    durationMs: 60_000,
    requests: total / batch,
  });
  const head = await headOf(url, topic);
  if (head !== total) throw new Error(`${head} records were loaded instead of ${total}`);
}

const row: UrlRow = {
  on: "url",
  name: "http-diff",
  title: `HTTP diff of ${limit}, ${connections} connections, ${records.toLocaleString("en")} records of ${shape.payloadBytes} B`,
  unit: "records/s",
  floor: 5_000_000,
  measure: (url, pace) =>
    withTopic(url, async (topic) => {
      await fill(url, topic, records, shape.records);
      const driven = await drive({ url, connections, traffic: { kind: "diff", topic, records, limit }, ...pace });
      // A page that was short would flatter.
      if (driven.bytesPerResponse < limit * shape.payloadBytes)
        throw new Error(`pages of ${Math.round(driven.bytesPerResponse)} bytes do not hold ${limit} records`);
      return { ...driven, value: driven.requestsPerSecond * limit };
    }),
};

export const rows: readonly UrlRow[] = [row];
