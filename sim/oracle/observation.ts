/** Everything that a client can find out about a server's topics: their states, and all of them read from 0 in pages. */
import { isDeepStrictEqual } from "node:util";
import type { TopicConfig } from "../../src/topic/config.ts";
import type { ReadRequest, Tombstone } from "../../src/topic/read.ts";
import { wholeRead } from "../../src/topic/testing/whole-read.ts";
import type { Door } from "../door.ts";
import { rawObjects } from "./raw-json.ts";

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
  /** The server's clock when all of this was so, as reading touches a topic with it. */
  readonly nowMs: number;
}

export type Observation = ReadonlyMap<string, SeenTopic>;

/** Small enough that most topics take several pages; then larger ones. */
const pageRecords = (page: number): number => (page < 6 ? 7 : 700);
const manyPages = 100_000;
/** Looks at one topic that may be spoilt by what expires meanwhile. */
const mostLooks = 1000;

export function readRequest(fromSeq: number, limit: number, waitMs: number): ReadRequest {
  return { ...wholeRead, fromSeq, limit, maxBytes: 1 << 24, waitMs };
}

export async function observe(door: Door): Promise<Observation> {
  const seen = new Map<string, SeenTopic>();
  const { topics } = await door.listTopics("", undefined, 1000, false);
  for (const { topic } of topics) seen.set(topic, await observeTopic(door, topic));
  return seen;
}

/** Reads all of a topic between two looks at its state that say the same: nothing has expired in between. */
export async function observeTopic(door: Door, name: string): Promise<SeenTopic> {
  let before = await door.topicState(name, true);
  for (let looks = 0; looks < mostLooks; looks++) {
    const contents = await readFromStart(door, name);
    const after = await door.topicState(name, true);
    const { config, count, bytes } = after;
    const [head, next, earliest] = [after.headSeq, after.nextSeq, after.earliestSeq];
    const nowMs = after.lastReadTs ?? 0;
    if (config.ttlMs === 0 || (earliest === before.earliestSeq && count === before.count))
      return { config, head, next, earliest, count, bytes, ...contents, nowMs };
    before = after;
  }
  throw new Error(`topic ${name} never stands still`);
}

async function readFromStart(door: Door, name: string): Promise<Pick<SeenTopic, "records" | "tombstones" | "cursors">> {
  const records: SeenRecord[] = [];
  const tombstones: Tombstone[] = [];
  const cursors: number[] = [];
  for (let from = 0, pages = 0; pages < manyPages; pages++) {
    const page = await door.read(name, readRequest(from, pageRecords(pages), 0));
    if (page.tombstone !== undefined) tombstones.push(page.tombstone);
    records.push(...parseRecords(page.slices));
    page.release();
    cursors.push(page.nextFromSeq);
    if (page.caughtUp || page.nextFromSeq === from) break;
    from = page.nextFromSeq;
  }
  return { records, tombstones, cursors };
}

/** Image after image holds the same records: their texts are read once. */
const recent = new Map<string, readonly SeenRecord[]>();
const mostRecent = 5000;

export function parseRecords(slices: readonly Uint8Array[]): readonly SeenRecord[] {
  const text = slices
    .map((slice) => Buffer.from(slice.buffer, slice.byteOffset, slice.byteLength).toString())
    .join(",");
  let records = recent.get(text);
  if (records === undefined) {
    records = Array.from(rawObjects(text), seenRecord);
    if (recent.size >= mostRecent) recent.clear();
    recent.set(text, records);
  }
  return records;
}

function seenRecord(members: ReadonlyMap<string, string>): SeenRecord {
  const text = (name: string): string | undefined => {
    const raw = members.get(name);
    return raw === undefined ? undefined : (JSON.parse(raw) as string);
  };
  return {
    seq: Number(members.get("$seq")),
    ts: Number(members.get("$ts")),
    data: members.get("data")!,
    tag: text("$tag"),
    node: text("$node"),
    meta: members.get("meta"),
  };
}

/** How two observations differ, in words; `undefined` when they don't. Where records expire, time alone makes a difference. */
export function difference(before: Observation, after: Observation): string | undefined {
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [one, other] = [before.get(name), after.get(name)];
    if (one === undefined) return `topic ${name} was not there before`;
    if (other === undefined) return `topic ${name} is gone`;
    for (const key of Object.keys(one) as (keyof SeenTopic)[])
      if (key !== "nowMs" && one.config.ttlMs === 0 && !isDeepStrictEqual(one[key], other[key]))
        return `topic ${name}: ${key} was ${brief(one[key])}, is ${brief(other[key])}`;
  }
  return undefined;
}

export function brief(value: unknown): string {
  const text =
    JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? `${part}n` : part)) ?? "undefined";
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
