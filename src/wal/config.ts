/** How the WAL behaves (spec 6.1, 6.2, 7.1). */
import { assert } from "../base/assert.ts";
import { firstFrameAt } from "./file-header.ts";

export interface WalConfig {
  /** A file is not extended beyond this, unless one frame needs it: at least 64 KiB. */
  readonly fileBytes: number;
  /** How long an acked `disk` frame may stay un-synced. */
  readonly diskSyncMs: number;
  /** Bytes that may wait in front of a shard. */
  readonly queueBytes: number;
  /** Where retired files are kept (6.7). */
  readonly archiveDirectory?: string | undefined;
}

export const defaultWalConfig: WalConfig = { fileBytes: 64 << 20, diskSyncMs: 100, queueBytes: 64 << 20 };

/** Steps in which space is prepared ahead of the writer. */
export const firstStepBytes = 1 << 20;
export const lastStepBytes = 8 << 20;
/** Length of the first spare of a start; later ones are half a file. */
export const firstSpareBytes = 4 << 20;
/** One gathered write takes at most about this much. */
export const groupBytes = 1 << 20;
/** Writes on the engine's thread: up to this size, with less than that un-synced (design: 2–7 µs against 20–28 µs). */
export const syncWriteBytes = 256 << 10;
export const syncWriteUnsyncedBytes = 8 << 20;
/** A write on the engine's thread that took longer sends the next ones to the pool for a while. */
export const slowWriteMs = 5;
export const slowPauseMs = 1000;
/** A call in flight for longer counts as hung: the shard takes no more writes (6.6). */
export const hungMs = 10_000;
/** How often a shard without space tries again. */
export const spaceRetryMs = 1000;

assert(firstStepBytes <= lastStepBytes && firstStepBytes > firstFrameAt, "steps grow and hold a header");
assert(syncWriteBytes <= groupBytes, "a group may be one write on the engine's thread");

/** How far a topic may run ahead of the disk before its writers wait (6.1). */
export function unsyncedLimitMs(config: WalConfig): number {
  return Math.max(1000, 10 * config.diskSyncMs);
}
