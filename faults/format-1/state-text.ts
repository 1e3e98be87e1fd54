/**
 * Everything that a client can ask of a directory as a text that is the same however records are stored: topics with their
 * numbers and configuration, records byte for byte, gaps with their reasons, and what idempotency keys answer.
 */
import type { RunningEngine } from "../../src/engine/engine.ts";
import type { Predicate } from "../../src/base/predicate.ts";
import { defaultConfig, type TopicConfig } from "../../src/topic/config.ts";
import { wholeRead } from "../../src/topic/testing/whole-read.ts";
import { appendRequest } from "../engine-run.ts";

/** A topic and a key that it remembers. */
export type RememberedKey = readonly [topic: string, key: string];

export interface ReadTopic {
  /** Wire bytes, tags included, as text. */
  readonly records: readonly string[];
  readonly gaps: readonly string[];
}

export function topicNames(engine: RunningEngine): string[] {
  return engine.listTopics("", undefined, 1000, false).topics.map(({ topic }) => topic);
}

/** From the front to the end, as a reader with cursor 0 would. */
export async function readTopic(engine: RunningEngine, topic: string, match?: Predicate): Promise<ReadTopic> {
  const records: string[] = [];
  const gaps: string[] = [];
  for (let fromSeq = 0; ;) {
    const read = await engine.read(topic, { ...wholeRead, fromSeq, match });
    const { tombstone, slices, caughtUp, nextFromSeq } = read;
    if (tombstone) gaps.push(`${tombstone.gapFrom}..${tombstone.gapTo} ${tombstone.reason}`);
    const text = slices.map((slice) => Buffer.from(slice).toString()).join(",");
    read.release();
    if (text !== "") records.push(...text.split(/,(?=\{"\$seq":\d)/));
    if (caughtUp || nextFromSeq === fromSeq) return { records, gaps };
    fromSeq = nextFromSeq;
  }
}

/** One topic's lines. */
export async function topicText(engine: RunningEngine, topic: string): Promise<string> {
  const { headSeq, earliestSeq, nextSeq, count, bytes, config } = engine.topicState(topic, false);
  const { records, gaps } = await readTopic(engine, topic);
  return [
    `topic ${topic} head=${headSeq} earliest=${earliestSeq} next=${nextSeq} count=${count} bytes=${bytes}`,
    `  config ${configText(config)}`,
    ...gaps.map((gap) => `  gap ${gap}`),
    ...records.map((record) => `  ${record}`),
  ].join("\n");
}

/** What differs from the defaults. */
function configText(config: TopicConfig): string {
  const fields = Object.entries(config) as [keyof TopicConfig, unknown][];
  const set = fields.filter(([name, value]) => value !== defaultConfig[name]);
  return set.map(([name, value]) => `${name}=${String(value)}`).join(" ") || "default";
}

export async function stateText(engine: RunningEngine, keys: readonly RememberedKey[]): Promise<string> {
  const lines: string[] = [];
  for (const topic of topicNames(engine)) lines.push(await topicText(engine, topic));
  for (const [topic, key] of keys) lines.push(await keyText(engine, topic, key));
  return lines.join("\n");
}

/** What a retry with the key is told. A key that is not remembered any more makes another record. */
async function keyText(engine: RunningEngine, topic: string, key: string): Promise<string> {
  const request = appendRequest({ records: [{ data: "a retry" }], idempotency_key: key });
  const { deduped, firstSeq, lastSeq } = await engine.append(topic, request);
  return deduped ? `key ${topic} ${key} ${firstSeq}..${lastSeq}` : `key ${topic} ${key} is forgotten`;
}

/** The keys that a text speaks of. */
export function keysIn(text: string): RememberedKey[] {
  return [...text.matchAll(/^key (\S+) (\S+) /gm)].map(([, topic, key]) => [topic, key]);
}
