/**
 * Appending (spec 1.3, 1.9, 2.6, 6.1): dedupe → refusal → admission → plan → hand-over, all in one go once nothing has to
 * be waited for; nothing is visible before the commit's class allows. After every wait everything is decided anew: the
 * topic may be gone, its configuration changed, its caps reached, the key used.
 */
import { TopicsError } from "../base/errors.ts";
import { encodeRecords, measureBatch } from "../base/record.ts";
import type { RecordBatch } from "../base/record-batch.ts";
import { frameKind } from "../wal/commit.ts";
import { admission, smallEntryBytes } from "./admission.ts";
import { nodeColumn, tagColumn } from "./batch-names.ts";
import { raiseCeiling, raiseCeilingAhead } from "./ceiling-frames.ts";
import { scratchColumns } from "./column-scratch.ts";
import type { Committed } from "./commit-queue.ts";
import type { CommitClass } from "./config.ts";
import type { KeyedAppend } from "./dedupe.ts";
import { answering } from "./effect.ts";
import { ackStage, type Instance } from "./instance.ts";
import { capRefusal, totalRefusal } from "./plan.ts";
import type { RecordsEntry } from "./records-format.ts";
import { layoutRecords, type RecordsLayout, writeRecords } from "./records-writer.ts";
import { bound } from "./retention.ts";

export interface TopicAppend {
  readonly batch: RecordBatch;
  readonly idempotencyKey: string | undefined;
  /** Waits for room where others are told to come back later. */
  readonly disableBackpressure: boolean;
  /** Called when the records have their seqs. */
  readonly staged?: () => void;
  /**
   * A record that is moved here from another topic, under its key: synced before it is answered, whatever the class, and
   * taken once, until the key is forgotten (moves.ts).
   */
  readonly copyKey?: string;
}

export interface TopicAppendResult {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly headSeq: number;
  readonly count: number;
  readonly deduped: boolean;
  readonly walAppendMs: number;
  readonly fsyncMs: number;
}

export async function append(topic: Instance, request: TopicAppend): Promise<TopicAppendResult> {
  for (;;) {
    topic.assertThere();
    const { copyKey } = request;
    if (copyKey !== undefined && topic.contents.moves.hasTaken(copyKey)) return noneTaken(topic);
    const key = copyKey ?? keyOf(topic, request);
    const nowMs = topic.deps.clock.nowMs();
    if (key !== undefined && copyKey === undefined) {
      const { dedupe } = topic.contents;
      const known = dedupe.find(key, nowMs, windowMs(topic));
      if (known !== undefined) return repeated(known);
      const pending = dedupe.pending(key);
      if (pending !== undefined) {
        if (await succeeds(pending.decided)) return repeated(pending.append);
        continue;
      }
    }
    const draft = planBatch(topic, request.batch, key, nowMs, copyKey !== undefined);
    const wait = admissionOf(topic, draft, request.disableBackpressure);
    if (wait === undefined) {
      const answer = stage(topic, draft);
      request.staged?.();
      return answer;
    }
    await wait;
  }
}

/** A batch with everything decided but its place in the operation order. */
interface PlannedBatch {
  readonly batch: RecordBatch;
  readonly firstSeq: number;
  readonly ts: number;
  readonly nowMs: number;
  readonly payloadBytes: number;
  readonly layout: RecordsLayout;
}

/** A window of 0 remembers nothing, and then the key means nothing. */
function keyOf(topic: Instance, request: TopicAppend): string | undefined {
  return windowMs(topic) === 0 ? undefined : request.idempotencyKey;
}

function windowMs(topic: Instance): number {
  return bound(topic.plan.config.idempotencyWindowMs) ?? 0;
}

/** It was taken before. */
function noneTaken({ contents: { headSeq } }: Instance): TopicAppendResult {
  return { firstSeq: 0, lastSeq: 0, headSeq, count: 0, deduped: true, walAppendMs: 0, fsyncMs: 0 };
}

/** Times before which nobody claims the jobs; on a log they mean nothing. */
function dueColumn({ plan }: Instance, { delays }: RecordBatch, nowMs: number): Float64Array | undefined {
  if (delays === undefined || plan.config.type !== "queue") return undefined;
  return Float64Array.from(delays, ({ atMs, byMs }) => (byMs === undefined ? (atMs ?? 0) : nowMs + byMs));
}

/** Waits for the first write with a key. A definite failure leaves the key to whoever comes next; an unknown one is all's. */
async function succeeds(decided: Promise<unknown>): Promise<boolean> {
  try {
    await decided;
    return true;
  } catch (error) {
    if (!(error instanceof TopicsError) || error.detail?.["outcome"] === "unknown") throw error;
    return false;
  }
}

function repeated({ firstSeq, lastSeq }: KeyedAppend): TopicAppendResult {
  const count = lastSeq - firstSeq + 1;
  return { firstSeq, lastSeq, headSeq: lastSeq, count, deduped: true, walAppendMs: 0, fsyncMs: 0 };
}

function planBatch(
  topic: Instance,
  batch: RecordBatch,
  key: string | undefined,
  nowMs: number,
  isMoved: boolean,
): PlannedBatch {
  const { plan } = topic;
  const firstSeq = plan.head + 1;
  const ts = Math.max(nowMs, plan.lastTs);
  const { wireBytes, payloadBytes } = measureBatch(batch, firstSeq, ts);
  const view = topic.view();
  const refusal =
    capRefusal(topic.identity.name, plan, view, batch.count, payloadBytes) ??
    totalRefusal(plan, view, topic.deps.quota, batch.count, payloadBytes);
  if (refusal !== undefined) throw refusal;
  const names = { tags: tagColumn(batch), nodes: nodeColumn(batch) };
  const due = dueColumn(topic, batch, nowMs);
  const layout = layoutRecords({ ts, count: batch.count, key, isMoved, due, wireBytes, ...names, retained: undefined });
  return { batch, firstSeq, ts, nowMs, payloadBytes, layout };
}

function admissionOf(topic: Instance, planned: PlannedBatch, patient: boolean): Promise<void> | undefined {
  const lastSeq = planned.firstSeq + planned.batch.count - 1;
  const framed = topic.plan.config.durability !== "ephemeral";
  if (!framed && topic.ceiling.covers(lastSeq)) return topic.barrier;
  return admission(topic, (framed ? planned.layout.payloadBytes : 0) + smallEntryBytes, { reserve: false, patient });
}

function stage(topic: Instance, planned: PlannedBatch): Promise<TopicAppendResult> {
  const { batch, firstSeq, layout } = planned;
  const { plan, queue, deps } = topic;
  const { key, isMoved } = layout.plan;
  const isRemembered = key !== undefined && isMoved !== true;
  if (isRemembered) reserveKey(topic, planned.nowMs);
  const lastSeq = firstSeq + batch.count - 1;
  if (!topic.ceiling.covers(lastSeq)) raiseCeiling(topic, lastSeq);
  plan.take(batch.count, planned.payloadBytes, planned.ts);
  const commitClass = plan.config.durability;
  const publish = new PublishBatch(topic, planned);
  const { effect, answer } = answering(
    (committed) => publish.now(committed),
    () => publish.failed(),
  );
  if (isRemembered) {
    topic.contents.dedupe.begin(key, { append: { firstSeq, lastSeq, ts: planned.ts }, decided: answer });
  }
  if (commitClass === "ephemeral") {
    publish.entry = encode(planned, Buffer.allocUnsafe(layout.payloadBytes));
    raiseCeilingAhead(topic);
    queue.stageWithoutFrame(planned.nowMs, effect);
  } else {
    const fields = topic.nextFrame(frameKind.records, firstSeq, batch.count);
    const draft = deps.log.draft(fields, layout.payloadBytes);
    publish.entry = encode(planned, draft.payload);
    topic.submit(draft, { at: isMoved === true ? "synced" : ackStage[commitClass] }, effect);
  }
  return answer;
}

function encode(planned: PlannedBatch, into: Buffer): RecordsEntry {
  const { batch, firstSeq, ts, layout } = planned;
  const columns = scratchColumns(batch.count);
  encodeRecords(batch, firstSeq, ts, into, layout.wireAt, columns);
  return writeRecords(layout, columns, into);
}

function reserveKey(topic: Instance, nowMs: number): void {
  const { quota } = topic.deps;
  if (topic.contents.dedupe.reserve(nowMs, windowMs(topic))) return;
  throw new TopicsError("throttled", "too many idempotency keys are remembered", {
    limit: "max_idempotency_keys",
    max: quota.maxKeys,
  });
}

/** What a staged batch becomes. */
class PublishBatch {
  entry: RecordsEntry | undefined;
  readonly #topic: Instance;
  readonly #planned: PlannedBatch;
  readonly #class: CommitClass;

  constructor(topic: Instance, planned: PlannedBatch) {
    this.#topic = topic;
    this.#planned = planned;
    this.#class = topic.plan.config.durability;
  }

  now(committed: Committed): TopicAppendResult {
    const { contents, plan } = this.#topic;
    const { batch, firstSeq, payloadBytes } = this.#planned;
    contents.applyRecords(committed.stampMs, firstSeq, this.entry!, committed.place);
    plan.published(batch.count, payloadBytes);
    return {
      firstSeq,
      lastSeq: firstSeq + batch.count - 1,
      headSeq: firstSeq + batch.count - 1,
      count: batch.count,
      deduped: false,
      walAppendMs: committed.writtenAfterMs,
      fsyncMs: this.#class === "fsync" ? committed.syncedAfterMs : 0,
    };
  }

  failed(): void {
    const { key, isMoved } = this.#planned.layout.plan;
    if (key !== undefined && isMoved !== true) this.#topic.contents.dedupe.abandon(key);
  }
}
