/** Everything that a client can find out about a server's topics: their states, and all of them read from 0 in pages. */
import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../src/engine/api.ts";
import type { TopicConfig } from "../../src/topic/config.ts";
import type { ReadRequest, Tombstone } from "../../src/topic/read.ts";

export interface SeenRecord {
  readonly seq: number;
  readonly ts: number;
  readonly data: string;
  readonly tag: string | undefined;
  readonly node: string | undefined;
  readonly meta: string | undefined;
}

export interface SeenTopic {
  readonly config: TopicConfig;
  readonly head: number;
  readonly next: number;
  readonly earliest: number;
  readonly count: number;
  readonly bytes: number;
  readonly records: readonly SeenRecord[];
  readonly tombstones: readonly Tombstone[];
  /** Cursors after each page; the last one stands at the head. */
  readonly cursors: readonly number[];
}

export type Observation = ReadonlyMap<string, SeenTopic>;

/** Small enough that most topics take several pages; then larger ones. */
const pageRecords = (page: number): number => (page < 6 ? 7 : 700);
const manyPages = 100_000;

export function readRequest(fromSeq: number, limit: number, waitMs: number): ReadRequest {
  return {
    fromSeq,
    limit,
    maxBytes: 1 << 24,
    nodes: [],
    includeTags: true,
    includeMeta: true,
    includeData: true,
    match: undefined,
    waitMs,
    signal: undefined,
  };
}

export async function observe(engine: Engine): Promise<Observation> {
  const seen = new Map<string, SeenTopic>();
  for (const { topic } of engine.listTopics("", undefined, 1000, false).topics)
    seen.set(topic, await observeTopic(engine, topic));
  return seen;
}

export async function observeTopic(engine: Engine, name: string): Promise<SeenTopic> {
  const records: SeenRecord[] = [];
  const tombstones: Tombstone[] = [];
  const cursors: number[] = [];
  for (let from = 0, pages = 0; pages < manyPages; pages++) {
    const page = await engine.read(name, readRequest(from, pageRecords(pages), 0));
    if (page.tombstone !== undefined) tombstones.push(page.tombstone);
    records.push(...parseRecords(page.slices));
    page.release();
    cursors.push(page.nextFromSeq);
    if (page.caughtUp || page.nextFromSeq === from) break;
    from = page.nextFromSeq;
  }
  const state = engine.topicState(name, false);
  const { config, count, bytes } = state;
  const [head, next, earliest] = [state.headSeq, state.nextSeq, state.earliestSeq];
  return { config, head, next, earliest, count, bytes, records, tombstones, cursors };
}

export function parseRecords(slices: readonly Uint8Array[]): SeenRecord[] {
  const text = slices.map((slice) => Buffer.from(slice).toString()).join(",");
  const parsed = JSON.parse(`[${text}]`) as Record<string, unknown>[];
  return parsed.map((record) => ({
    seq: record["$seq"] as number,
    ts: record["$ts"] as number,
    data: JSON.stringify(record["data"]),
    tag: record["$tag"] as string | undefined,
    node: record["$node"] as string | undefined,
    meta: record["meta"] === undefined ? undefined : JSON.stringify(record["meta"]),
  }));
}

/** How two observations differ, in words; `undefined` when they don't. */
export function difference(before: Observation, after: Observation): string | undefined {
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [one, other] = [before.get(name), after.get(name)];
    if (one === undefined) return `topic ${name} was not there before`;
    if (other === undefined) return `topic ${name} is gone`;
    for (const key of Object.keys(one) as (keyof SeenTopic)[])
      if (!isDeepStrictEqual(one[key], other[key]))
        return `topic ${name}: ${key} was ${brief(one[key])}, is ${brief(other[key])}`;
  }
  return undefined;
}

export function brief(value: unknown): string {
  const text =
    JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? `${part}n` : part)) ?? "undefined";
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
