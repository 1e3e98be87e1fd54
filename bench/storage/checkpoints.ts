/** What checkpoints cost (spec 6.4): their size, their time, and how long they keep the event loop. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { batchOf, inParallel, Opened } from "./opened.ts";
import { count, mib, ms, type FigureRow, type Scenario, type Steps } from "./scenario.ts";

const recordsEach = 10;
const written = 7;
const never = 2 ** 40;

interface Figures {
  readonly bytes: number;
  readonly msEach: number;
  readonly delayMs: number;
  readonly delayP99Ms: number;
  readonly quietDelayMs: number;
}

async function measure({
  directory,
  topics,
}: {
  readonly directory: string;
  readonly topics: number;
}): Promise<Figures> {
  const opened = await Opened.open({ directory, storage: { checkpointMs: never, checkpointBytes: never } });
  const records = Array.from({ length: recordsEach }, (_, i) => `{"data":"${"y".repeat(40)}${i}"}`);
  const batch = batchOf(records);
  await inParallel(topics, 64, (number) => opened.append(`topic-${number}`, batch));
  const tick = batchOf([`{"data":0}`]);
  await sleep(2000);
  const quiet = monitorEventLoopDelay({ resolution: 1 });
  quiet.enable();
  await sleep(3000);
  quiet.disable();
  const busy = monitorEventLoopDelay({ resolution: 1 });
  for (let i = 0; i < written; i++) {
    await opened.append("topic-0", tick);
    busy.enable();
    const done = opened.until("checkpoint-written");
    opened.config.checkpointMs = 0;
    await done;
    opened.config.checkpointMs = never;
    busy.disable();
  }
  const events = opened.all("checkpoint-written");
  const times = events.map((event) => event.ms).sort((a, b) => a - b);
  const figures = {
    bytes: events.at(-1)!.bytes,
    msEach: times[times.length >> 1],
    delayMs: busy.max / 1e6,
    delayP99Ms: busy.percentile(99) / 1e6,
    quietDelayMs: quiet.max / 1e6,
  };
  await opened.close();
  return figures;
}

export const steps: Steps = { checkpoints: measure };

export const scenario: Scenario = {
  name: "checkpoints",
  title: "Checkpoints",
  about: [
    `Topics of ${recordsEach} records, none of them sealed; medians of ${written} checkpoints. The delay of the event loop is`,
    "sampled every millisecond, which alone makes one of about a millisecond; before it, the longest of three quiet seconds.",
  ],
  async run(context) {
    const rows: FigureRow[] = [];
    for (const topics of [1, 10_000, 100_000]) {
      const found = await context.step<Figures>("checkpoints", { directory: await context.directory(), topics });
      const what = `${count(topics)} topic${topics === 1 ? "" : "s"}`;
      rows.push(
        { what: `${what}: size and time of a checkpoint`, figure: `${mib(found.bytes)}, ${ms(found.msEach)}` },
        {
          what: `${what}: event-loop delay, quiet → while they are written`,
          figure: `longest ${ms(found.quietDelayMs)} → ${ms(found.delayMs)}, p99 ${ms(found.delayP99Ms)}`,
        },
      );
    }
    return rows;
  },
};
