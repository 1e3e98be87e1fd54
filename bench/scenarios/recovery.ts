/** Recovery of a million records from the WAL alone, after `kill -9` under load's end. */
import type { OwnRow } from "../row.ts";
import { Server } from "../server.ts";
import { headOf } from "../call.ts";
import { fill } from "./http-read.ts";

const records = 1_000_000;
const batch = 100;

const row: OwnRow = {
  on: "own",
  name: "recovery",
  title: `recovery of ${records.toLocaleString("en")} records after \`kill -9\` (batches of ${batch})`,
  unit: "ms",
  floor: 400,
  async measure() {
    const server = await Server.create();
    try {
      const { url } = await server.start();
      await fill(url, "log", records, batch);
      await server.kill();
      const again = await server.start();
      const head = await headOf(again.url, "log");
      if (head !== records) throw new Error(`${head} records came back instead of ${records}`);
      return { value: again.recoveredMs, notes: { "spawn to ready, ms": again.readyAfterMs } };
    } finally {
      await server.remove();
    }
  },
};

export const rows: readonly OwnRow[] = [row];
