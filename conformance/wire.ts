/**
 * The answers of `/v0` as cases read them (spec 2.4 to 2.8). Nothing is validated by these types: a case asserts each
 * value that it relies on, and an answer that lacks a field fails the comparison.
 */

export interface WireRecord {
  readonly $seq: number;
  readonly $ts: number;
  readonly $node?: string;
  readonly $tag?: string;
  readonly data?: unknown;
  readonly meta?: unknown;
}

export interface Performance {
  readonly server_total_ms: number;
  readonly wal_append_ms?: number;
  readonly fsync_ms?: number;
  readonly records_scanned?: number;
}

interface Answer {
  readonly performance: Performance;
}

export interface AppendAnswer extends Answer {
  readonly topic: string;
  readonly first_seq: number;
  readonly last_seq: number;
  readonly seqs?: readonly number[];
  readonly head_seq: number;
  readonly count: number;
  readonly created: boolean;
  readonly deduped: boolean;
}

export interface WireTombstone {
  readonly gap_from: number;
  readonly gap_to: number;
  readonly reason: string;
  readonly missed_estimate: number;
  readonly earliest_seq: number;
  readonly head_seq: number;
}

export interface DiffAnswer extends Answer {
  readonly topic: string;
  readonly records: readonly WireRecord[];
  readonly next_from_seq: number;
  readonly head_seq: number;
  readonly earliest_seq: number;
  readonly caught_up: boolean;
  readonly tombstone: WireTombstone | null;
  readonly lag: number;
}

export type WireConfig = Readonly<Record<string, unknown>>;

export interface ConfigureAnswer extends Answer {
  readonly topic: string;
  readonly created: boolean;
  readonly config: WireConfig;
}

export interface StateAnswer extends Answer {
  readonly topic: string;
  readonly type: string;
  readonly head_seq: number;
  readonly earliest_seq: number;
  readonly next_seq: number;
  readonly count: number;
  readonly bytes: number;
  readonly config: WireConfig;
  readonly effective_priority: number;
  readonly last_write_ts: number | null;
  readonly last_read_ts: number | null;
}

export interface ListAnswer extends Answer {
  readonly topics: readonly (Readonly<Record<string, unknown>> & { readonly topic: string })[];
  readonly next_cursor?: string;
}

export interface DeleteTopicAnswer extends Answer {
  readonly topic: string;
  readonly deleted: boolean;
  readonly routers_removed: readonly string[];
}

export interface DeleteRecordsAnswer extends Answer {
  readonly topic: string;
  readonly deleted: number;
  readonly earliest_seq: number;
  readonly head_seq: number;
  readonly count: number;
  readonly bytes: number;
}
