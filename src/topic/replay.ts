/**
 * Recovery of a topic from its frames (spec 6.1, 6.5): each is checked against what came before, and applied by the same
 * methods as a commit that was just acked. Whatever does not follow is damage, reported and not applied. Then the hole
 * that the class calls for, itself a frame, and the ceiling.
 */
import { frameKind, type FrameFields } from "../wal/commit.ts";
import { decodeEntry, encodeEntry, type Entry } from "./entries.ts";
import type { Hole } from "./holes.ts";
import { type Instance, stampMsOf } from "./instance.ts";
import { Plan } from "./plan.ts";
import { ReadRebase } from "./read-rebase.ts";
import type { RecordsEntry } from "./records-format.ts";

export type ReplayOutcome = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export function replay(topic: Instance, fields: FrameFields, payload: Uint8Array): ReplayOutcome {
  if (fields.op !== topic.op + 1) return damage(`operation ${fields.op} follows operation ${topic.op}`);
  if (topic.mode === "gone") return damage("a frame follows the topic's deletion");
  const outcome = decodeEntry(fields.kind, payload);
  if (!outcome.ok) return outcome;
  const { entry } = outcome;
  const problem = entry.kind === "topicCreate" ? createProblem(topic) : problemOf(topic, fields, entry);
  if (problem !== undefined) return damage(problem);
  if (ReadRebase.isPart(entry)) readRebase(topic, fields, payload);
  else {
    topic.rebase = undefined;
    apply(topic, fields, entry);
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

/** The frame that makes a hole durable; it is to be written, and then replayed like any other. */
export function holeFrame(topic: Instance, hole: Hole, stamp: number): { fields: FrameFields; payload: Buffer } {
  const { id: topicId, epoch } = topic.identity;
  const ceiling = Math.max(hole.to, topic.ceiling.declared);
  const fields = { kind: frameKind.hole, topicId, epoch, op: topic.op + 1, stamp, firstSeq: 0, count: 0, ceiling };
  return { fields, payload: encodeEntry({ kind: "hole", hole }) };
}

/** The frame that ends an instance whose creation was never answered, where a later one has its name. */
export function deleteFrame(topic: Instance, stamp: number): { fields: FrameFields; payload: Buffer } {
  const { id: topicId, epoch } = topic.identity;
  const ceiling = topic.ceiling.declared;
  const fields = {
    kind: frameKind.topicDelete,
    topicId,
    epoch,
    op: topic.op + 1,
    stamp,
    firstSeq: 0,
    count: 0,
    ceiling,
  };
  return { fields, payload: encodeEntry({ kind: "topicDelete" }) };
}

/** All frames are replayed, and what is kept of them is synced. */
export function afterRecovery(topic: Instance, nowMs: number): void {
  topic.rebase = undefined;
  topic.ceiling.settle(Math.max(topic.ceiling.declared, topic.contents.headSeq));
  topic.plan = new Plan(topic.contents, topic.op);
  topic.contents.dropExpiredKeys(nowMs);
  topic.takeHead();
}

function readRebase(topic: Instance, fields: FrameFields, payload: Uint8Array): void {
  topic.rebase ??= new ReadRebase();
  if (!topic.rebase.take(fields, stampMsOf(fields.stamp), payload)) return;
  topic.rebase.apply(topic.contents);
  topic.rebase = undefined;
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
    case "hole":
      return entry.hole.from === next ? undefined : `a hole at ${entry.hole.from} follows head ${next - 1}`;
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
  return !entry.retained && entry.ts < contents.lastWriteTs ? "time goes back in the topic" : undefined;
}

function apply(topic: Instance, fields: FrameFields, entry: Exclude<Entry, { kind: "rebase" }>): void {
  const { contents } = topic;
  const stampMs = stampMsOf(fields.stamp);
  switch (entry.kind) {
    case "topicCreate":
      topic.mode = "live";
      return;
    case "topicConfig":
      contents.applyConfig(stampMs, entry.config);
      return;
    case "topicDelete":
      topic.mode = "gone";
      contents.clear();
      return;
    case "records":
      contents.applyRecords(stampMs, fields.firstSeq, entry.records, true);
      return;
    case "recordsDelete":
      contents.applyDelete(stampMs, entry.what);
      return;
    case "ceiling":
      if (entry.floors === undefined) contents.applyNothing(stampMs);
      else contents.applyFloors(stampMs, entry.floors);
      return;
    case "hole":
      contents.applyHole(stampMs, entry.hole);
  }
}
