/**
 * The sections of a checkpoint (spec 6.4): what the engine says of the whole, its segment files, and the topics, whose
 * sections are their own (topic/section.ts). JSON throughout; what is read was hashed, and is checked all the same.
 */
import { isCount, parsedPayload } from "../base/decoded-json.ts";
import type { Section } from "../checkpoint/format.ts";
import type { LogPlace } from "../wal/commit.ts";
import type { NamedSegment } from "./segments.ts";

export const sectionKind = { whole: 1, segments: 2, topics: 3 } as const;

/** A topic that is not there any more, and the last of its frames that may be met. */
export interface GoneTopic {
  readonly id: number;
  readonly op: number;
}

export interface WholeSection {
  /** By shard: where to replay from, and how far it was synced. */
  readonly from: readonly LogPlace[];
  readonly synced: readonly LogPlace[];
  readonly nextTopicId: number;
  readonly nextSegment: number;
  readonly gone: readonly GoneTopic[];
  readonly topics: number;
  /** Sections say what copies may be derived from. */
  readonly derives: boolean;
}

export function wholeSection({ from, synced, ...rest }: WholeSection): Section {
  return json(sectionKind.whole, 0, { from: from.map(pair), synced: synced.map(pair), ...rest });
}

export function segmentsSection(segments: readonly NamedSegment[]): Section {
  return json(
    sectionKind.segments,
    0,
    segments.map(({ file, bytes, records, deletes }) =>
      deletes === undefined ? [file, bytes, records] : [file, bytes, records, deletes.bytes, deletes.hash.toString(16)],
    ),
  );
}

export function topicsSection(shard: number, topics: readonly string[]): Section {
  return { kind: sectionKind.topics, shard, payload: Buffer.from(topics.join("\n")) };
}

export function readWhole(payload: Uint8Array): WholeSection | undefined {
  const value = parsedPayload(payload);
  if (typeof value !== "object" || value === null) return undefined;
  const {
    from,
    synced,
    nextTopicId,
    nextSegment,
    gone,
    topics,
    derives = false,
  } = value as Readonly<Record<string, unknown>>;
  const places = [placesFrom(from), placesFrom(synced)];
  if (places[0] === undefined || places[1] === undefined || places[0].length !== places[1].length) return undefined;
  if (!isCount(nextTopicId) || !isCount(nextSegment) || !isCount(topics) || !Array.isArray(gone)) return undefined;
  if (!gone.every(isGone) || typeof derives !== "boolean") return undefined;
  return { from: places[0], synced: places[1], nextTopicId, nextSegment, gone, topics, derives };
}

export function readSegments(payload: Uint8Array): NamedSegment[] | undefined {
  const value = parsedPayload(payload);
  if (!Array.isArray(value)) return undefined;
  const segments: NamedSegment[] = [];
  for (const item of value as unknown[]) {
    if (!Array.isArray(item)) return undefined;
    const [file, bytes, records, deletedBytes, hash] = item as unknown[];
    if (!isCount(file) || !isCount(bytes) || !isCount(records)) return undefined;
    if (item.length === 3) segments.push({ file, bytes, records, deletes: undefined });
    else if (isCount(deletedBytes) && typeof hash === "string" && /^[0-9a-f]{1,16}$/.test(hash))
      segments.push({ file, bytes, records, deletes: { bytes: deletedBytes, hash: BigInt(`0x${hash}`) } });
    else return undefined;
  }
  return segments;
}

/** Sections of single topics, still to be decoded. */
export function readTopics(payload: Uint8Array): string[] {
  const text = textOf(payload);
  return text === "" ? [] : text.split("\n");
}

function json(kind: number, shard: number, value: unknown): Section {
  return { kind, shard, payload: Buffer.from(JSON.stringify(value)) };
}

function pair({ index, position }: LogPlace): readonly [number, number] {
  return [index, position];
}

function placesFrom(value: unknown): LogPlace[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const places: LogPlace[] = [];
  for (const item of value as unknown[]) {
    if (!Array.isArray(item)) return undefined;
    const [index, position] = item as unknown[];
    if (!isCount(index) || !isCount(position)) return undefined;
    places.push({ index, position });
  }
  return places;
}

function isGone(value: unknown): value is GoneTopic {
  if (typeof value !== "object" || value === null) return false;
  const { id, op } = value as Readonly<Record<string, unknown>>;
  return isCount(id) && isCount(op);
}

function textOf(payload: Uint8Array): string {
  return Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString("utf8");
}
