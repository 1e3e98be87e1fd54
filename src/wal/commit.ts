/**
 * What a topic hands to the WAL and what it hears back (spec 6.1, 6.2). One commit is one frame: the payload is opaque
 * here, the fields are the frame header's.
 */
import type { TopicsError } from "../base/errors.ts";

/**
 * Frame kinds of format 1. The WAL itself writes `mark` and `final`; the others belong to whoever owns the entry. Unknown
 * ones are refused when met in a file.
 */
export const frameKind = {
  mark: 1,
  final: 2,
  topicCreate: 16,
  topicConfig: 17,
  topicDelete: 18,
  records: 19,
  recordsDelete: 20,
  ceiling: 21,
  hole: 22,
  /** State of an `ephemeral` topic at the moment it becomes durable: its floors, ahead of what it retains. */
  rebase: 23,
  /** Of a shard: the anchors of links that have moved. */
  anchor: 32,
  routerConfig: 33,
  lease: 48,
  intent: 49,
} as const;

/** How the payload's record bytes are to be read; raw bytes are reserved in format 1. */
export const payloadEncoding = { json: 1, raw: 2 } as const;
/** Set beside the encoding where an anchor lies in front of the payload. */
export const anchoredFlag = 0x80;

export interface FrameFields {
  readonly kind: number;
  readonly topicId: number;
  readonly epoch: number;
  /** Dense per topic instance; the creation is 1. */
  readonly op: number;
  /** Commit stamp in µs since the epoch, strictly increasing over all shards; also the engine clock's logged value. */
  readonly stamp: number;
  /** 0 where the frame assigns no seq. */
  readonly firstSeq: number;
  readonly count: number;
  /** The topic's seq ceiling as of this frame (6.1). */
  readonly ceiling: number;
  /** Of a topic that a link leads into, when copies were derived: how far, before this frame (3.3). */
  readonly anchor?: FrameAnchor | undefined;
}

/** A source was forwarded up to this seq of it when the destination's head was that (3.3). */
export interface FrameAnchor {
  readonly source: number;
  readonly dest: number;
}

/**
 * A frame in the making: `payload` is to be filled completely; header, hash and trailer are the WAL's. No 512 bytes of
 * a payload may be all zero: columns are stored biased (6.2). Checked when the frame is sealed.
 */
export interface Draft {
  readonly fields: FrameFields;
  readonly payload: Buffer;
}

/** A commit goes through the first of these that its class asks for; `synced` comes for every commit in the end. */
export type CommitStage = "handed" | "written" | "synced";

export interface Commit {
  readonly draft: Draft;
  /** `synced`: the WAL sees to a sync at once. Otherwise the periodic one covers it. */
  readonly wants: CommitStage;
  /** Deletes and acks may use the reserve when the disk is full (6.6). */
  readonly reserve: boolean;
  /**
   * True once somebody was told that it is committed. When a write or sync fails, acked commits are carried over into
   * the successor file, all others get `failed`.
   */
  readonly acked: boolean;
  /** The kernel has it: it survives the process. */
  written(): void;
  /** The device has it. Called after `written`, in submission order per shard, also for commits that want less. */
  synced(): void;
  /**
   * It is not committed and never will be (or `error.detail.outcome` is "unknown"). Called in submission order, always
   * for every commit of the topic that is not acked; `written` or `synced` may have been called before, never after.
   */
  failed(error: TopicsError): void;
}

/**
 * A byte place in a shard's log. A position at or behind the end that the file's successor declares means the successor's
 * first frame: a place stays good when its file is left early and what lay behind it is carried over.
 */
export interface LogPlace {
  readonly index: number;
  readonly position: number;
}

/** Negative when `a` comes first in the log, 0 when they are the same. */
export function comparePlaces(a: LogPlace, b: LogPlace): number {
  return a.index - b.index || a.position - b.position;
}

/** One shard, as a topic sees it. */
export interface CommitLog {
  /** A frame with room for `payloadBytes`. */
  draft(fields: FrameFields, payloadBytes: number): Draft;
  /** Takes the commit into the shard's queue, in order. Callbacks never run inside this call. */
  submit(commit: Commit): void;
  /** Asks for a sync of everything submitted so far, at once. */
  requestSync(): void;
  /** No frame submitted from now on will lie before it, whatever becomes of the file. It never goes back. */
  place(): LogPlace;
  /**
   * Whether `bytes` more may be submitted: `undefined` when they may now; a promise to wait for before asking again
   * when the shard is busy. Throws `wal_unavailable` (no space, latched) or, for `patient: false`, `throttled`.
   */
  admit(bytes: number, options: { readonly reserve: boolean; readonly patient: boolean }): Promise<void> | undefined;
}
