/**
 * What a topic's frames say (spec 6.2): one kind of entry per frame kind, and their payloads. Batches have a format of
 * their own (records-format.ts); the rest is rare and small, and is JSON, which has no zero bytes. Decoding is given
 * bytes from a disk: it returns an outcome, never throws, and accepts nothing that encoding does not write.
 */
import { isCount, isObject, parsedPayload } from "../base/decoded-json.ts";
import type { Predicate } from "../base/predicate.ts";
import { runsOf, seqsOf } from "../base/seq-runs.ts";
import { frameKind } from "../wal/commit.ts";
import type { TopicConfig } from "./config.ts";
import { configFromJson, configToJson } from "./config-codec.ts";
import type { RememberedKey } from "./dedupe.ts";
import { type Hole, type HoleCause, holeCauses } from "./holes.ts";
import type { LinkChange } from "./link.ts";
import { changeFromJson, changeToJson, predicateFromJson as toPredicate } from "./link-codec.ts";
import type { RecordsEntry } from "./records-format.ts";
import { readRecords } from "./records-reader.ts";

/** A delete as it was decided: nothing above `bound` is touched, whenever it is applied (1.7: point-in-time). */
export interface RecordsDelete {
  readonly beforeSeq: number | undefined;
  readonly match: Predicate | undefined;
  readonly bound: number;
}

/** Floors and head of an `ephemeral` topic as it becomes durable (spec 6.1). */
export interface RebaseState {
  readonly head: number;
  readonly lastWriteTs: number;
  readonly capFloor: number;
  readonly ttlFloor: number;
  readonly silent: readonly number[];
  readonly holes: readonly Hole[];
  /** Of a router's destination: how far its source was forwarded. */
  readonly through?: number | undefined;
}

/** How far an `ephemeral` topic has evicted, records from its durable days included. */
export interface Floors {
  readonly capFloor: number;
  readonly ttlFloor: number;
}

/** Records that are on their way into another topic, one by one (spec 5): as long as this stands, a start finishes it. */
export interface MoveIntent {
  /** In order. */
  readonly seqs: readonly number[];
  readonly to: string;
  readonly why: "dead" | "redrive";
  /** How often each of them was delivered. */
  readonly deliveries: readonly number[];
}

/** What happened to jobs: the records that are gone by it, and what their keeper says of the others. */
export interface JobsChange {
  /** In order. */
  readonly removed: readonly number[];
  /** The keeper's own; `undefined` when it has nothing to say. */
  readonly transition: unknown;
}

export type SmallEntry =
  | { readonly kind: "topicCreate"; readonly name: string; readonly config: TopicConfig }
  /** `floors`: of a topic that stays `ephemeral`, how far it evicts by this, with records that no frame tells of. */
  | { readonly kind: "topicConfig"; readonly config: TopicConfig; readonly floors?: Floors }
  | { readonly kind: "topicDelete" }
  | { readonly kind: "recordsDelete"; readonly what: RecordsDelete }
  /** `lower`: the frame's ceiling replaces the one before; otherwise the higher one holds. */
  | { readonly kind: "ceiling"; readonly lower: boolean; readonly floors?: Floors }
  | { readonly kind: "lease"; readonly change: JobsChange }
  /** `intent: undefined`: these are not moved after all. */
  | { readonly kind: "intent"; readonly seqs: readonly number[]; readonly intent: MoveIntent | undefined }
  /** `through`: of a router's destination, the last record of the source that it stands for (3.2). */
  | { readonly kind: "hole"; readonly hole: Hole; readonly through?: number }
  | { readonly kind: "routerConfig"; readonly change: LinkChange }
  /** A rebase is a sequence: one `begin`, keys and batches of retained records, one `end`. */
  | { readonly kind: "rebase"; readonly step: RebaseStep };

/** `begin` has the head in front of the first retained record; `end` the topic's, and the floors as they are by then. */
export type RebaseStep =
  | { readonly step: "begin"; readonly state: RebaseState }
  | { readonly step: "end"; readonly state: RebaseState }
  | { readonly step: "keys"; readonly keys: readonly RememberedKey[] };

export type Entry = SmallEntry | { readonly kind: "records"; readonly records: RecordsEntry };

export type EntryOutcome =
  { readonly ok: true; readonly entry: Entry } | { readonly ok: false; readonly reason: string };

export function encodeEntry(entry: SmallEntry): Buffer {
  return Buffer.from(JSON.stringify(toJson(entry)));
}

export function decodeEntry(kind: number, payload: Uint8Array): EntryOutcome {
  if (kind === frameKind.records) {
    const outcome = readRecords(payload);
    return outcome.ok ? { ok: true, entry: { kind: "records", records: outcome.entry } } : outcome;
  }
  const decoder = decoders[kind];
  if (decoder === undefined) return { ok: false, reason: `frame kind ${kind} is not a topic's` };
  const json = parsedPayload(payload);
  const entry = isObject(json) ? decoder(json) : undefined;
  return entry === undefined
    ? { ok: false, reason: `the payload of a frame of kind ${kind} is malformed` }
    : { ok: true, entry };
}

function toJson(entry: SmallEntry): unknown {
  switch (entry.kind) {
    case "topicCreate":
      return { name: entry.name, config: configToJson(entry.config) };
    case "topicConfig":
      return { config: configToJson(entry.config), floors: entry.floors };
    case "topicDelete":
      return {};
    case "recordsDelete":
      return entry.what;
    case "ceiling":
      return { lower: entry.lower, floors: entry.floors };
    case "hole":
      return { ...entry.hole, through: entry.through };
    case "routerConfig":
      return changeToJson(entry.change);
    case "rebase":
      return entry.step;
    case "lease":
      return { removed: runsOf(entry.change.removed), jobs: entry.change.transition };
    case "intent":
      return {
        seqs: runsOf(entry.seqs),
        to: entry.intent?.to,
        why: entry.intent?.why,
        deliveries: entry.intent?.deliveries,
      };
  }
}

type Json = Readonly<Record<string, unknown>>;

const decoders: Readonly<Record<number, (json: Json) => Entry | undefined>> = {
  [frameKind.topicCreate]: ({ name, config: json }) => {
    const config = configFromJson(json);
    return typeof name === "string" && name !== "" && config ? { kind: "topicCreate", name, config } : undefined;
  },
  [frameKind.topicConfig]: (json) => {
    const config = configFromJson(json["config"]);
    if (config === undefined || json["floors"] === undefined) return config && { kind: "topicConfig", config };
    const floors = toFloors(json["floors"]);
    return floors && { kind: "topicConfig", config, floors };
  },
  [frameKind.topicDelete]: () => ({ kind: "topicDelete" }),
  [frameKind.recordsDelete]: ({ beforeSeq, match, bound }) => {
    if (!isCount(bound) || !(beforeSeq === undefined || isCount(beforeSeq))) return undefined;
    if (match === undefined) return { kind: "recordsDelete", what: { beforeSeq, match, bound } };
    const predicate = toPredicate(match);
    return predicate && { kind: "recordsDelete", what: { beforeSeq, match: predicate, bound } };
  },
  [frameKind.ceiling]: ({ lower, floors: json }) => {
    if (typeof lower !== "boolean") return undefined;
    if (json === undefined) return { kind: "ceiling", lower };
    const floors = toFloors(json);
    return floors && { kind: "ceiling", lower, floors };
  },
  [frameKind.hole]: (json) => {
    const hole = toHole(json);
    const { through } = json;
    if (hole === undefined || through === undefined) return hole && { kind: "hole", hole };
    return isCount(through) ? { kind: "hole", hole, through } : undefined;
  },
  [frameKind.routerConfig]: (json) => {
    const change = changeFromJson(json);
    return change && { kind: "routerConfig", change };
  },
  [frameKind.rebase]: (json) => {
    const step = toRebaseStep(json);
    return step && { kind: "rebase", step };
  },
  [frameKind.lease]: ({ removed: runs, jobs: transition }) => {
    const removed = seqsOf(runs);
    return removed && { kind: "lease", change: { removed, transition } };
  },
  [frameKind.intent]: ({ seqs: runs, to, why, deliveries }) => {
    const seqs = seqsOf(runs);
    if (seqs === undefined || seqs.length === 0) return undefined;
    if (to === undefined && why === undefined) return { kind: "intent", seqs, intent: undefined };
    if (typeof to !== "string" || to === "" || (why !== "dead" && why !== "redrive")) return undefined;
    if (!Array.isArray(deliveries) || deliveries.length !== seqs.length || !deliveries.every(isCount)) return undefined;
    return { kind: "intent", seqs, intent: { seqs, to, why, deliveries } };
  },
};

function toRebaseStep({ step, state, keys }: Json): RebaseStep | undefined {
  if (step === "keys") {
    const found = keysFromJson(keys);
    return found && { step, keys: found };
  }
  if ((step !== "begin" && step !== "end") || !isObject(state)) return undefined;
  const { head, lastWriteTs, capFloor, ttlFloor, silent, holes: list } = state;
  if (!isCount(head) || !isCount(lastWriteTs) || !isCount(capFloor) || !isCount(ttlFloor)) return undefined;
  if (!Array.isArray(silent) || !silent.every(isCount)) return undefined;
  const holes = holesFromJson(list);
  const { through } = state;
  if (holes === undefined || !(through === undefined || isCount(through))) return undefined;
  const linked = through === undefined ? {} : { through };
  return { step, state: { head, lastWriteTs, capFloor, ttlFloor, silent, holes, ...linked } };
}

/** Holes in order; `undefined` for anything else. */
export function holesFromJson(list: unknown): Hole[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const holes = list.map((hole: unknown) => (isObject(hole) ? toHole(hole) : undefined));
  if (!holes.every((hole) => hole !== undefined)) return undefined;
  return holes.every(({ from }, i) => i === 0 || from > holes[i - 1].to) ? holes : undefined;
}

export function keysFromJson(keys: unknown): RememberedKey[] | undefined {
  return Array.isArray(keys) && keys.every(isKey) ? keys : undefined;
}

function isKey(json: unknown): json is RememberedKey {
  if (!isObject(json)) return false;
  const { key, firstSeq, lastSeq, ts } = json;
  return typeof key === "string" && isCount(firstSeq) && isCount(lastSeq) && isCount(ts);
}

function toHole({ from, to, cause }: Json): Hole | undefined {
  if (!isCount(from) || !isCount(to) || from === 0 || from > to) return undefined;
  return holeCauses.includes(cause as HoleCause) ? { from, to, cause: cause as HoleCause } : undefined;
}

function toFloors(json: unknown): Floors | undefined {
  if (!isObject(json)) return undefined;
  const { capFloor, ttlFloor } = json;
  return isCount(capFloor) && isCount(ttlFloor) ? { capFloor, ttlFloor } : undefined;
}
