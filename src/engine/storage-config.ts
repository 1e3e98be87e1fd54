/** How records leave memory, and how the log behind them stays short (spec 6.3, 6.4, 7.1). */

export interface StorageConfig {
  /** Sealed blocks and indexes in memory. */
  readonly cacheBytes: number;
  /** Memory of all unsealed tails together. */
  readonly tailBytes: number;
  /** A tail of so many records, or bytes, may be sealed; in one segment go up to 16 times as many. */
  readonly segmentMaxRecords: number;
  readonly segmentMaxBytes: number;
  /** A tail whose oldest record is older may be sealed from 256 KiB up; 0: never for its age. */
  readonly segmentMaxAgeMs: number;
  /** A checkpoint is due after so much log, or so much time in which something was logged. */
  readonly checkpointBytes: number;
  readonly checkpointMs: number;
  /** Where sealed segments go that are not among a topic's newest ones. */
  readonly coldDirectory: string | undefined;
  /** Per topic: the newest segments that stay, and, unless 0, while they take no more than so many bytes. */
  readonly hotRetainSegments: number;
  readonly hotRetainBytes: number;
  readonly backupDirectory: string | undefined;
  /** What checkpoints of a full disk find at least: themselves, and the lists of what was deleted to make room. */
  readonly reserveBytes: number;
}

export const defaultStorageConfig: StorageConfig = {
  cacheBytes: 64 << 20,
  tailBytes: 256 << 20,
  segmentMaxRecords: 10_000,
  segmentMaxBytes: 64 << 20,
  segmentMaxAgeMs: 3_600_000,
  checkpointBytes: 64 << 20,
  checkpointMs: 60_000,
  coldDirectory: undefined,
  hotRetainSegments: 4,
  hotRetainBytes: 0,
  backupDirectory: undefined,
  reserveBytes: 8 << 20,
};

/** Under load one segment may take so many thresholds. */
export const segmentThresholds = 16;
/** By age only tails of this size are worth a file of their own. */
export const leastAgedBytes = 256 << 10;
/** How far tails may hold a checkpoint's place back, in checkpoints. */
export const heldBackCheckpoints = 4;
