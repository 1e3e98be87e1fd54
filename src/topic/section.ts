/**
 * What a checkpoint holds of a topic (spec 6.4): everything but records, as of one operation number. Records that are not
 * sealed are found again in the log; what is deleted of sealed ones is in their files' `.del`.
 *
 * A section is JSON. Reading is given bytes that were hashed, and still believes nothing that does not fit together.
 */
import { isCount } from "../base/decoded-json.ts";
import { type PartEntry, partFromJson, partToJson } from "../segment/part-entry.ts";
import type { TopicConfig } from "./config.ts";
import { configFromCompactJson, configToCompactJson } from "./config-codec.ts";
import type { RememberedKey } from "./dedupe.ts";
import { holesFromJson, keysFromJson, type RebaseState } from "./entries.ts";
import type { FrameAnchor } from "../wal/commit.ts";
import type { DerivationPoint } from "./derivations.ts";
import type { LinkState } from "./link.ts";
import { linkFromJson, linkToJson } from "./link-codec.ts";
import type { CapturedTail } from "./logged-contents.ts";

export interface SectionPart {
  readonly entry: PartEntry;
  readonly liveCount: number;
  readonly liveBytes: number;
}

export interface DerivedSection extends DerivationPoint {
  /** As far as copies were derived by the link that there is. */
  readonly anchor: FrameAnchor | undefined;
}

export interface TopicSection {
  readonly id: number;
  readonly epoch: number;
  readonly name: string;
  readonly config: TopicConfig;
  /** The last operation whose effect is in here. */
  readonly op: number;
  /** Head as the log has it, floors and holes. */
  readonly state: RebaseState;
  /** Seqs up to here are in frames, or in holes. */
  readonly loggedSeq: number;
  readonly ceiling: number;
  readonly tail: CapturedTail;
  readonly sealedThrough: number;
  /** First live record among the sealed ones, and its time; 0 without one. */
  readonly front: { readonly seq: number; readonly ts: number };
  readonly parts: readonly SectionPart[];
  readonly keys: readonly RememberedKey[];
  /** As the keeper of a queue's jobs has it; `undefined` when there is nothing to say. */
  readonly jobs?: unknown;
  /** Records on their way between topics; the same. */
  readonly moves?: unknown;
  /** The link into the topic, with its anchor as of the last operation or later. */
  readonly link: LinkState | undefined;
  /** Where to begin with copies in the tail that no frame of the topic holds; `undefined`: there are none. */
  readonly derived: DerivedSection | undefined;
  /** Contents.unframedSeq. */
  readonly unframedSeq: number;
}

export function encodeSection(section: TopicSection): string {
  const { id, epoch, name, config, op, state, loggedSeq, ceiling, tail, sealedThrough, front } = section;
  return JSON.stringify({
    topic: [id, epoch, name],
    config: configToCompactJson(config),
    op,
    head: [state.head, loggedSeq, ceiling, state.lastWriteTs],
    floors: [state.capFloor, state.ttlFloor],
    silent: unlessEmpty(state.silent),
    holes: unlessEmpty(state.holes),
    tail: [tail.count, tail.bytes, tail.from],
    sealed: [sealedThrough, front.seq, front.ts],
    parts: unlessEmpty(
      section.parts.map(({ entry, liveCount, liveBytes }) => [partToJson(entry), liveCount, liveBytes]),
    ),
    keys: unlessEmpty(section.keys.map(({ key, firstSeq, lastSeq, ts }) => [key, firstSeq, lastSeq, ts])),
    jobs: section.jobs,
    moves: section.moves,
    link: section.link && linkToJson(section.link),
    derived: section.derived && derivedToJson(section.derived),
    unframed: section.unframedSeq === 0 ? undefined : section.unframedSeq,
  });
}

/** `undefined` for what `encodeSection` does not write. */
export function decodeSection(text: string): TopicSection | undefined {
  const json = parse(text);
  if (json === undefined) return undefined;
  const [id, epoch, name] = list(json["topic"]);
  const config = configFromCompactJson(json["config"]);
  const numbers = [
    id,
    epoch,
    json["op"],
    ...fixed(json["head"], 4),
    ...fixed(json["floors"], 2),
    ...fixed(json["tail"], 3),
    ...fixed(json["sealed"], 3),
  ];
  const silent = list(json["silent"]);
  const holes = holesFromJson(list(json["holes"]));
  const parts = partsFrom(json["parts"]);
  const keys = keysFromJson(list(json["keys"]).map(keyFrom));
  const link = json["link"] === undefined ? undefined : linkFromJson(json["link"]);
  if (json["link"] !== undefined && link === undefined) return undefined;
  const derived = json["derived"] === undefined ? undefined : derivedFromJson(json["derived"]);
  if (json["derived"] !== undefined && derived === undefined) return undefined;
  const unframedSeq = json["unframed"] ?? 0;
  if (!isCount(unframedSeq)) return undefined;
  if (typeof name !== "string" || name === "" || config === undefined || holes === undefined) return undefined;
  if (!numbers.every(isCount) || !silent.every(isCount) || parts === undefined || keys === undefined) return undefined;
  const [topicId, topicEpoch, op, head, loggedSeq, ceiling, lastWriteTs, capFloor, ttlFloor] = numbers;
  const [count, bytes, from, sealedThrough, frontSeq, frontTs] = numbers.slice(9);
  if (op === 0 || topicId === 0 || loggedSeq > head || Math.max(capFloor, ttlFloor) > head + 1) return undefined;
  if (!parts.every(({ entry }) => entry.topicId === topicId && entry.epoch === topicEpoch)) return undefined;
  return {
    id: topicId,
    epoch: topicEpoch,
    name,
    config,
    op,
    state: { head, lastWriteTs, capFloor, ttlFloor, silent, holes },
    loggedSeq,
    ceiling,
    tail: { count, bytes, from },
    sealedThrough,
    front: { seq: frontSeq, ts: frontTs },
    parts,
    keys,
    jobs: json["jobs"],
    moves: json["moves"],
    link,
    derived,
    unframedSeq,
  };
}

function derivedToJson({ link, op, head, lastTs, anchor }: DerivedSection): unknown {
  return {
    link: linkToJson(link),
    at: [op, head, lastTs, ...(anchor === undefined ? [] : [anchor.source, anchor.dest])],
  };
}

function derivedFromJson(json: unknown): DerivedSection | undefined {
  if (typeof json !== "object" || json === null) return undefined;
  const { link: linkJson, at } = json as Readonly<Record<string, unknown>>;
  const link = linkFromJson(linkJson);
  const numbers = fixed(at, list(at).length === 3 ? 3 : 5);
  if (link === undefined || !numbers.every(isCount)) return undefined;
  const [op, head, lastTs, source, dest] = numbers;
  return { link, op, head, lastTs, anchor: numbers.length === 3 ? undefined : { source, dest } };
}

/** Most topics have none of most things, and there are many topics. */
function unlessEmpty<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length === 0 ? undefined : items;
}

function partsFrom(json: unknown): SectionPart[] | undefined {
  const parts: SectionPart[] = [];
  for (const item of list(json)) {
    const [entryJson, liveCount, liveBytes] = list(item);
    const entry = partFromJson(entryJson);
    if (entry === undefined || !isCount(liveCount) || !isCount(liveBytes)) return undefined;
    const fits = liveCount > 0 && liveCount <= entry.records && liveBytes <= entry.bytes;
    if (!fits || entry.firstSeq <= (parts.at(-1)?.entry.lastSeq ?? 0)) return undefined;
    parts.push({ entry, liveCount, liveBytes });
  }
  return parts;
}

function keyFrom(item: unknown): unknown {
  const [key, firstSeq, lastSeq, ts] = list(item);
  return { key, firstSeq, lastSeq, ts };
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** Too few are none, which no number is. */
function fixed(value: unknown, count: number): readonly unknown[] {
  const items = list(value);
  return items.length === count ? items : Array.from({ length: count }, () => undefined);
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
