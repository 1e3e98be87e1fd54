/** What a server serves of a directory: every record and every gap that a reader from 0 meets. */
import type { Env } from "../../src/env/env.ts";
import type { RunningEngine } from "../../src/engine/engine.ts";
import { wholeRead } from "../../src/topic/testing/whole-read.ts";
import { startEngine } from "../engine-run.ts";

export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

export interface TopicContents {
  /** As text, by seq. */
  readonly records: ReadonlyMap<number, string>;
  readonly gaps: readonly Gap[];
  readonly head: number;
  readonly config: string;
}

export async function contentsOf(engine: RunningEngine): Promise<Map<string, TopicContents>> {
  const topics = new Map<string, TopicContents>();
  for (const { topic } of engine.listTopics("", undefined, 1000, false).topics) {
    const records = new Map<number, string>();
    const gaps: Gap[] = [];
    for (let fromSeq = 0; ;) {
      const read = await engine.read(topic, { ...wholeRead, fromSeq });
      const { tombstone } = read;
      if (tombstone) gaps.push({ from: tombstone.gapFrom, to: tombstone.gapTo, reason: tombstone.reason });
      const text = read.slices.map((slice) => Buffer.from(slice).toString()).join(",");
      for (const record of JSON.parse(`[${text}]`) as { $seq: number }[])
        records.set(record.$seq, JSON.stringify(record));
      if (read.caughtUp || read.nextFromSeq === fromSeq) break;
      fromSeq = read.nextFromSeq;
    }
    const { headSeq, config } = engine.topicState(topic, false);
    const plain = Object.entries(config).map(([key, value]) => `${key}=${String(value)}`);
    topics.set(topic, { records, gaps, head: headSeq, config: plain.join(" ") });
  }
  return topics;
}

/** Starts a server's engine on it, reads everything, and stops in order. Rejects with the refusal if it does not start. */
export async function served(env: Env, directory: string): Promise<ReadonlyMap<string, TopicContents>> {
  const engine = await startEngine(env, { directory });
  await engine.recover();
  const contents = await contentsOf(engine);
  if (!(await engine.close(60_000))) throw new Error("a quiet engine closes in time");
  return contents;
}
