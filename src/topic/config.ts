/** Configuration of a topic (spec 2.4): fields in the code's spelling, defaults, and the rules for changing one. */

export type CommitClass = "ephemeral" | "memory" | "disk" | "fsync";
export type TopicKind = "log" | "queue";

/** A u64 of the wire: a number while it is exact, a bigint above 2^53-1, so that it is echoed as it was given. */
export type U64 = number | bigint;

/** Always complete. Durations in ms; 0 means off where the contract says so. */
export interface TopicConfig {
  readonly type: TopicKind;
  readonly ttlMs: U64;
  readonly capRecords: U64;
  readonly capBytes: U64;
  readonly discard: "old" | "reject";
  readonly durability: CommitClass;
  readonly priority: number | null;
  readonly autoPriority: boolean;
  readonly autoCreate: boolean;
  readonly idempotencyWindowMs: U64;
  readonly dedupeNode: boolean;
  readonly leaseMs: number;
  readonly claimJitterMs: number;
  readonly maxDeliveries: U64;
  readonly deadLetter: string | null;
  readonly leasesDurable: boolean;
}

/** What a request stated; the HTTP door has resolved `durable` into `durability`, clamped, and checked ranges. */
export type TopicConfigPatch = Partial<TopicConfig>;

export const defaultConfig: TopicConfig = {
  type: "log",
  ttlMs: 0,
  capRecords: 0,
  capBytes: 0,
  discard: "old",
  durability: "disk",
  priority: null,
  autoPriority: true,
  autoCreate: true,
  idempotencyWindowMs: 120_000,
  dedupeNode: true,
  leaseMs: 30_000,
  claimJitterMs: 0,
  maxDeliveries: 0,
  deadLetter: null,
  leasesDurable: false,
};
