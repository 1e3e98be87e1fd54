/**
 * Where the next commit of a topic would stand: what is published plus everything staged (spec 6.1). Numbers are given out
 * here and come back when a commit fails. Also the refusals that are decided before a seq is assigned (spec 1.6).
 */
import { TopicsError } from "../base/errors.ts";
import type { FrameAnchor } from "../wal/commit.ts";
import type { TopicConfig } from "./config.ts";
import type { Contents } from "./contents.ts";
import type { LinkState } from "./link.ts";
import { bound, type View } from "./retention.ts";

export class Plan {
  head: number;
  op: number;
  lastTs: number;
  config: TopicConfig;
  link: LinkState | undefined;
  /** The last place of the way of derived copies: every frame says it. */
  anchor: FrameAnchor | undefined;
  /** The link has moved in a way that could not be found again: a frame has to say where it is, ahead of derived copies. */
  anchorDue = false;
  /** Staged records, not published yet. */
  stagedRecords = 0;
  stagedBytes = 0;

  constructor(contents: Contents, op: number) {
    this.head = contents.headSeq;
    this.op = op;
    this.lastTs = contents.lastWriteTs;
    this.config = contents.config;
    this.link = contents.link;
    this.anchor = contents.anchor;
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

/**
 * Whether all topics together would retain too much (spec 7.3). What a topic at its own cap takes in, it lets go of: only
 * growth counts, reckoned with records of the topic's average size.
 */
export function totalRefusal(
  plan: Plan,
  view: View,
  quota: Retained,
  records: number,
  bytes: number,
): TopicsError | undefined {
  if (quota.bytes + plan.stagedBytes + bytes <= quota.maxBytes) return undefined;
  const { capRecords, capBytes } = capsOf(plan.config);
  const held = { records: view.count + plan.stagedRecords, bytes: view.bytes + plan.stagedBytes };
  const over = Math.min(Math.max(0, held.records + records - capRecords), held.records);
  const evicted = Math.max(held.bytes + bytes - capBytes, over === 0 ? 0 : (over * held.bytes) / held.records);
  return overTotal(quota, plan.stagedBytes + bytes - Math.max(0, evicted));
}

/** What all topics retain, and may. */
export interface Retained {
  readonly bytes: number;
  readonly maxBytes: number;
}

export function overTotal(quota: Retained, growth: number): TopicsError | undefined {
  if (growth <= 0 || quota.bytes + growth <= quota.maxBytes) return undefined;
  return new TopicsError("throttled", "all topics together hold as much as they may; delete some, or set caps", {
    limit: "max_total_bytes",
    max: quota.maxBytes,
  });
}

function capsOf(config: TopicConfig): { capRecords: number; capBytes: number } {
  return { capRecords: bound(config.capRecords) ?? Infinity, capBytes: bound(config.capBytes) ?? Infinity };
}

function capDetail(name: string, config: TopicConfig): Record<string, unknown> {
  return { topic: name, cap_records: Number(config.capRecords), cap_bytes: Number(config.capBytes) };
}
