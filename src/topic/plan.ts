/**
 * Where the next commit of a topic would stand: what is published plus everything staged (spec 6.1). Numbers are given out
 * here and come back when a commit fails. Also the refusals that are decided before a seq is assigned (spec 1.6).
 */
import { TopicsError } from "../base/errors.ts";
import type { TopicConfig } from "./config.ts";
import type { Contents } from "./contents.ts";
import { bound, type View } from "./retention.ts";

export class Plan {
  head: number;
  op: number;
  lastTs: number;
  config: TopicConfig;
  /** Staged records, not published yet. */
  stagedRecords = 0;
  stagedBytes = 0;

  constructor(contents: Contents, op: number) {
    this.head = contents.headSeq;
    this.op = op;
    this.lastTs = contents.lastWriteTs;
    this.config = contents.config;
  }

  take(records: number, bytes: number, ts: number): void {
    this.head += records;
    this.stagedRecords += records;
    this.stagedBytes += bytes;
    this.lastTs = ts;
  }

  published(records: number, bytes: number): void {
    this.stagedRecords -= records;
    this.stagedBytes -= bytes;
  }
}

/** Why a `reject` topic does not take a batch; `undefined` when it does. */
export function capRefusal(
  name: string,
  plan: Plan,
  view: View,
  records: number,
  bytes: number,
): TopicsError | undefined {
  const alone = tooLargeAlone(name, plan.config, records, bytes);
  if (alone !== undefined || plan.config.discard !== "reject") return alone;
  const { capRecords, capBytes } = capsOf(plan.config);
  const full =
    view.count + plan.stagedRecords + records > capRecords || view.bytes + plan.stagedBytes + bytes > capBytes;
  if (!full) return undefined;
  const seqs = { head_seq: plan.head, earliest_seq: view.earliestSeq };
  const detail = { ...capDetail(name, plan.config), ...seqs };
  return new TopicsError("topic_full", "the topic is full and refuses further records", detail);
}

/** A write that a `reject` topic would not take even when empty: trying again never helps. */
export function tooLargeAlone(
  name: string,
  config: TopicConfig,
  records: number,
  bytes: number,
): TopicsError | undefined {
  const { capRecords, capBytes } = capsOf(config);
  if (config.discard !== "reject" || (records <= capRecords && bytes <= capBytes)) return undefined;
  return new TopicsError(
    "record_too_large",
    "this write alone is larger than the topic's cap",
    capDetail(name, config),
  );
}

function capsOf(config: TopicConfig): { capRecords: number; capBytes: number } {
  return { capRecords: bound(config.capRecords) ?? Infinity, capBytes: bound(config.capBytes) ?? Infinity };
}

function capDetail(name: string, config: TopicConfig): Record<string, unknown> {
  return { topic: name, cap_records: Number(config.capRecords), cap_bytes: Number(config.capBytes) };
}
