/**
 * Recovery of a topic from its frames (spec 6.1, 6.5): each is checked against what came before, and applied by the same
 * methods as a commit that was just acked. Whatever does not follow is damage, reported and not applied. Then the hole
 * that the class calls for, itself a frame, and the ceiling.
 */
import { frameKind, type FrameFields, type LogPlace } from "../wal/commit.ts";
import { resolveNow } from "./deletes.ts";
import { decodeEntry, encodeEntry, type Entry } from "./entries.ts";
import type { Hole } from "./holes.ts";
import { type Instance, stampMsOf } from "./instance.ts";
import { Plan } from "./plan.ts";
import { ReadRebase } from "./read-rebase.ts";
import type { RecordsEntry } from "./records-format.ts";
import { resolveSeqsNow } from "./remove-seqs.ts";
import type { Resume } from "./resume.ts";

export type ReplayOutcome = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** `place`: where the frame begins. */
export function replay(topic: Instance, fields: FrameFields, payload: Uint8Array, place: LogPlace): ReplayOutcome {
  if (topic.resume !== undefined) {
    if (fields.op <= topic.resume.op) return resume(topic, topic.resume, fields, payload, place);
    const problem = concludeResume(topic);
    if (problem !== undefined) return damage(problem);
  }
  if (fields.op !== topic.op + 1) return damage(`operation ${fields.op} follows operation ${topic.op}`);
  if (topic.mode === "gone") return damage("a frame follows the topic's deletion");
  const outcome = decodeEntry(fields.kind, payload);
  if (!outcome.ok) return outcome;
  const { entry } = outcome;
  const problem = entry.kind === "topicCreate" ? createProblem(topic) : problemOf(topic, fields, entry);
  if (problem !== undefined) return damage(problem);
  if (ReadRebase.isPart(entry)) {
    if (readRebase(topic, fields, payload, place)) {
      topic.rebase!.apply(topic.contents, topic.rebaseFrom!);
      endRebase(topic);
    }
  } else {
    endRebase(topic);
    apply(topic, fields, entry, place);
  }
  topic.op = fields.op;
  topic.ceiling.replay(fields.ceiling, entry.kind === "ceiling" && entry.lower);
  return { ok: true };
}

/** The log ends in a clean stop here: no seq above the head was ever assigned, but in `ephemeral` topics. */
export function markCleanStop(topic: Instance): void {
  if (topic.contents.config.durability === "ephemeral") return;
  topic.ceiling.replay(topic.contents.headSeq, true);
}

/** What the class calls for after this start (6.1). */
export function recoveryHole(topic: Instance, powerLost: boolean): Hole | undefined {
  const { durability } = topic.contents.config;
  const lost = { ephemeral: true, memory: true, disk: powerLost, fsync: false }[durability];
  const from = topic.contents.headSeq + 1;
  const to = topic.ceiling.declared;
  return lost && topic.mode !== "gone" && to >= from ? { from, to, cause: "crash" } : undefined;
}

/** Behind the head of a topic that goes back to an earlier moment everything may have been assigned, up to `end`. */
export function restoredHole(topic: Instance, end: (knownSeq: number) => number): Hole | undefined {
  const from = topic.contents.headSeq + 1;
  const to = end(Math.max(topic.ceiling.declared, from - 1));
  return topic.mode !== "gone" && to >= from ? { from, to, cause: "restored" } : undefined;
}

/** The frame that makes a hole durable; it is to be written, and then replayed like any other. */
export function holeFrame(topic: Instance, hole: Hole, stamp: number): { fields: FrameFields; payload: Buffer } {
  const { link, headSeq } = topic.contents;
  const anchor =
    link && topic.contents.config.durability !== "ephemeral" ? { source: link.cursor, dest: headSeq } : undefined;
  const ceiling = Math.max(hole.to, topic.ceiling.declared);
  const fields = { ...findingFields(topic, frameKind.hole, stamp), ceiling, anchor };
  return { fields, payload: encodeEntry({ kind: "hole", hole }) };
}

/** The frame that ends an instance whose creation was never answered, where a later one has its name. */
export function deleteFrame(topic: Instance, stamp: number): { fields: FrameFields; payload: Buffer } {
  const fields = findingFields(topic, frameKind.topicDelete, stamp);
  return { fields, payload: encodeEntry({ kind: "topicDelete" }) };
}

/** Of the frame in which a start makes durable what it found of a topic. */
function findingFields(topic: Instance, kind: number, stamp: number): FrameFields {
  const { id: topicId, epoch } = topic.identity;
  const ceiling = topic.ceiling.declared;
  return { kind, topicId, epoch, op: topic.op + 1, stamp, firstSeq: 0, count: 0, ceiling };
}

/** All frames are replayed, and what is kept of them is synced. */
export function afterRecovery(topic: Instance, nowMs: number): void {
  endRebase(topic);
  topic.ceiling.settle(Math.max(topic.ceiling.declared, topic.contents.headSeq));
  topic.plan = new Plan(topic.contents, topic.op);
  topic.contents.dropExpiredKeys(nowMs);
  topic.contents.catchUp();
  topic.syncedHead = topic.contents.headSeq;
  topic.takeHead();
  topic.contents.jobs?.recovered();
}

/** A frame that the checkpoint knows of. */
function resume(
  topic: Instance,
  resumed: Resume,
  fields: FrameFields,
  payload: Uint8Array,
  place: LogPlace,
): ReplayOutcome {
  const outcome = decodeEntry(fields.kind, payload);
  if (!outcome.ok) return outcome;
  const { entry } = outcome;
  const complete = ReadRebase.isPart(entry) && readRebase(topic, fields, payload, place);
  const rebase = complete ? topic.rebase : undefined;
  // What was retained was logged anew: what is in the tail by now is among it.
  if (rebase !== undefined) topic.contents.rearrange(() => topic.contents.retained.tail.clear());
  const from = rebase === undefined ? place : topic.rebaseFrom!;
  const problem = resumed.take(topic.contents, fields, entry, from, rebase);
  if (complete || !ReadRebase.isPart(entry)) endRebase(topic);
  return problem === undefined ? { ok: true } : damage(problem);
}

/** The log has come as far as the checkpoint, or ends: the tail must be what the checkpoint says. */
export function concludeResume(topic: Instance): string | undefined {
  const problem = topic.resume?.problem(topic.contents);
  topic.resume = undefined;
  return problem;
}

/** `true` when the rebase is complete. */
function readRebase(topic: Instance, fields: FrameFields, payload: Uint8Array, place: LogPlace): boolean {
  topic.rebase ??= new ReadRebase();
  topic.rebaseFrom ??= place;
  return topic.rebase.take(fields, stampMsOf(fields.stamp), payload);
}

function endRebase(topic: Instance): void {
  topic.rebase = undefined;
  topic.rebaseFrom = undefined;
}

function damage(reason: string): ReplayOutcome {
  return { ok: false, reason };
}

function createProblem(topic: Instance): string | undefined {
  return topic.op === 0 ? undefined : "a topic is created twice";
}

function problemOf(topic: Instance, fields: FrameFields, entry: Entry): string | undefined {
  const { contents } = topic;
  const next = contents.headSeq + 1;
  switch (entry.kind) {
    case "records":
      return recordsProblem(topic, fields, entry.records);
    case "recordsDelete":
      // Retained or lost, seqs of an ephemeral topic are not all known here.
      return contents.config.durability !== "ephemeral" && entry.what.bound >= next
        ? "a delete reaches beyond the head"
        : undefined;
    case "lease":
      if (entry.change.transition === undefined) return undefined;
      return contents.jobs?.accepts(entry.change.transition) === true ? undefined : "jobs that are none";
    case "hole":
      if (entry.hole.from !== next) return `a hole at ${entry.hole.from} follows head ${next - 1}`;
      return entry.through === undefined ? undefined : contents.linkProblem({ through: entry.through, counts: [] });
    case "routerConfig":
      return contents.linkProblem(entry.change);
    case "rebase":
      if (contents.config.durability !== "ephemeral") return "a topic that is durable becomes so again";
      return (topic.rebase ?? new ReadRebase()).problem(fields, entry);
    default:
      return undefined;
  }
}

function recordsProblem(topic: Instance, fields: FrameFields, entry: RecordsEntry): string | undefined {
  const { contents } = topic;
  const ephemeral = contents.config.durability === "ephemeral";
  if (entry.count !== fields.count) return `a batch of ${entry.count} in a frame of ${fields.count}`;
  if (entry.retained !== ephemeral) return "a batch is not of its topic's class";
  const next = contents.headSeq + 1;
  const problem = entry.retained
    ? (topic.rebase ?? new ReadRebase()).problem(fields, { kind: "records", records: entry })
    : undefined;
  if (problem !== undefined) return problem;
  if (!entry.retained && fields.firstSeq !== next) return `seq ${fields.firstSeq} follows head ${next - 1}`;
  if (fields.firstSeq + entry.seqDelta(entry.count - 1) > fields.ceiling) return "a batch reaches beyond its ceiling";
  if (!entry.retained && entry.ts < contents.lastWriteTs) return "time goes back in the topic";
  return entry.anchor === undefined ? undefined : contents.linkProblem(entry.anchor);
}

function apply(topic: Instance, fields: FrameFields, entry: Exclude<Entry, { kind: "rebase" }>, place: LogPlace): void {
  const { contents } = topic;
  const stampMs = stampMsOf(fields.stamp);
  switch (entry.kind) {
    case "topicCreate":
      topic.mode = "live";
      return;
    case "topicConfig":
      contents.applyConfig(stampMs, entry.config);
      if (entry.floors !== undefined) contents.applyFloors(stampMs, entry.floors);
      return;
    case "topicDelete":
      topic.mode = "gone";
      contents.clear();
      return;
    case "records":
      contents.applyRecords(stampMs, fields.firstSeq, entry.records, place);
      return;
    case "recordsDelete": {
      const resolved = resolveNow(contents.retained, entry.what, topic.deps.parts);
      contents.applyDelete(stampMs, entry.what, resolved);
      resolved.letGo();
      return;
    }
    case "ceiling":
      if (entry.floors === undefined) contents.applyNothing(stampMs);
      else contents.applyFloors(stampMs, entry.floors);
      return;
    case "routerConfig":
      contents.applyLink(stampMs, entry.change);
      return;
    case "hole":
      contents.applyHole(stampMs, entry.hole, entry.through);
      return;
    case "lease": {
      const { removed, transition } = entry.change;
      contents.applyRemoval(stampMs, removed, resolveSeqsNow(contents.retained, removed, topic.deps.parts));
      if (transition !== undefined) contents.jobs?.replay(transition);
      return;
    }
    case "intent":
      contents.applyIntent(stampMs, entry.seqs, entry.intent);
  }
}
