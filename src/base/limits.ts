/**
 * Every fixed limit and default of the contract (spec 1.1, 1.2, 1.9, 2.1, 2.4, 2.7, 2.9, 5, 7.1) in one place. Those of
 * `BatchLimits` can be configured; the constants cannot.
 */
import { assert } from "./assert.ts";

const kib = 1024;
const mib = 1024 * kib;

/** Bounds on what a request may carry (spec 2.9), as configured. */
export interface BatchLimits {
  readonly maxRecords: number;
  /** `data` + `meta` of one record. */
  readonly maxRecordBytes: number;
  /** One request body, after inflation. */
  readonly maxBodyBytes: number;
  readonly maxMetaBytes: number;
  readonly maxMetaKeys: number;
  readonly maxTagBytes: number;
  readonly maxNodeBytes: number;
  /** Levels of JSON nesting, counted from the body's outermost bracket. */
  readonly maxDepth: number;
}

export const defaultBatchLimits: BatchLimits = {
  maxRecords: 10_000,
  maxRecordBytes: mib,
  maxBodyBytes: 64 * mib,
  maxMetaBytes: 16 * kib,
  maxMetaKeys: 64,
  maxTagBytes: 256,
  maxNodeBytes: 128,
  maxDepth: 128,
};

/** Levels that a write body needs around a scalar payload: the body, `records`, the record. */
export const minDepth = 3;
/** Places in a body are signed 32-bit integers. */
export const bodyBytesCeiling = 2 ** 31 - 1;

/** Refuses a combination of limits under which the code below would not be right. */
export function checkBatchLimits(limits: BatchLimits): void {
  for (const [name, value] of Object.entries(limits)) {
    assert(Number.isSafeInteger(value) && value > 0, `${name} must be a positive integer`);
  }
  assert(limits.maxDepth >= minDepth, `maxDepth must be at least ${minDepth}`);
  assert(limits.maxBodyBytes <= bodyBytesCeiling, `maxBodyBytes must be at most ${bodyBytesCeiling}`);
  assert(limits.maxMetaBytes <= limits.maxRecordBytes, "maxMetaBytes must not exceed maxRecordBytes");
  assert(limits.maxRecordBytes <= limits.maxBodyBytes, "maxRecordBytes must not exceed maxBodyBytes");
}

/** Topic and router names (spec 1.2, 3.1). */
export const maxNameLength = 255;
export const maxIdempotencyKeyBytes = 256;

/** One field of a control body, and the configuration in a write body: parsed in one go, 25 ms at its worst. */
export const maxControlBytes = 256 * kib;
/** Unknown fields are ignored, but this many of one object, up to this length, are remembered to refuse a repeated one. */
export const maxUnknownFields = 1024;
export const maxFieldNameBytes = 4 * kib;

/** Reads (spec 2.7). */
export const defaultDiffLimit = 256;
/** Default of `TOPICS_MAX_LIMIT`. */
export const defaultMaxLimit = 1000;
export const defaultBatchBytes = mib;
export const maxBatchBytes = 8 * mib;
export const maxWaitMs = 30_000;

/** Streams (spec 4.1, 4.3, 4.4). */
export const defaultMaxWatchTopics = 256;
/** Topics that one stream follows, those that prefixes pick up included. */
export const maxFollowedTopics = 10_000;
export const defaultMaxWatchSessions = 10_000;
export const defaultFrameRecords = 256;
export const defaultSocketFrameRecords = 1000;
export const defaultFrameBytes = 256 * kib;
export const defaultHeartbeatMs = 15_000;
export const minHeartbeatMs = 1000;
export const maxHeartbeatMs = 60_000;
export const sessionTtlMs = 300_000;
export const defaultStreamBufferBytes = mib;
/** A topic of which more is to be remembered than fits into an id gets an opaque one. */
export const maxIdTopics = 64;
export const maxIdBytes = 8 * kib;

/** Lists (spec 2.1). */
export const defaultPageSize = 100;
export const maxPageSize = 1000;

/** Queue calls and topic configuration (spec 2.4, 5). */
export const defaultMaxClaim = 1000;
export const minLeaseMs = 100;
export const maxLeaseMs = 86_400_000;
export const maxClaimJitterMs = 5000;
export const maxNackDelayMs = 86_400_000;
/** The effect of a priority is clamped to ±this. */
export const maxEffectivePriority = 1000;

/** A JSON integer is exact up to here; seqs and times never pass it. */
export const maxExactInteger: number = Number.MAX_SAFE_INTEGER;
export const maxU64 = 2n ** 64n - 1n;

checkBatchLimits(defaultBatchLimits);
assert(maxUnknownFields * maxFieldNameBytes <= defaultBatchLimits.maxBodyBytes, "unknown fields are bounded");
assert(defaultDiffLimit <= defaultMaxLimit, "the default of a read is within its bound");
assert(defaultBatchBytes <= maxBatchBytes, "the default of a read is within its bound");
assert(defaultBatchLimits.maxRecordBytes <= maxBatchBytes, "one record fits the largest read");
assert(defaultPageSize <= maxPageSize, "the default of a list is within its bound");
assert(minLeaseMs < maxLeaseMs, "a lease has a range");
