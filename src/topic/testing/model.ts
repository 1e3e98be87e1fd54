/**
 * A topic as plainly as the contract says it (spec 1.3–1.9): one array of records, walked from the front for everything.
 * Written for reading, not for speed; shares no code with what it judges.
 */
import type { TopicConfig } from "../config.ts";
import type { Tombstone, TombstoneReason } from "../read.ts";

export interface ModelRecord {
  readonly seq: number;
  readonly ts: number;
  readonly data: string;
  readonly tag: string | undefined;
  readonly node: string | undefined;
  readonly meta: string | undefined;
  fate: "live" | "deleted" | "cap" | "ttl";
}

export interface ModelRead {
  readonly fromSeq: number;
  readonly limit: number;
  readonly maxBytes: number;
  readonly nodes: readonly string[];
  readonly match: ModelMatch | undefined;
  readonly includeTags: boolean;
  readonly includeMeta: boolean;
  readonly includeData: boolean;
}

export interface ModelMatch {
  readonly glob: boolean;
  readonly text: string;
}

export interface ModelPage {
  readonly text: string;
  readonly seqs: readonly number[];
  readonly next: number;
  readonly tombstone: Omit<Tombstone, "missedEstimate"> | undefined;
  /** A tombstone's estimate lies between these. */
  readonly missed: readonly [number, number];
}

export class Model {
  readonly records: ModelRecord[] = [];
  readonly holes: { from: number; to: number }[] = [];
  readonly keys = new Map<string, { first: number; last: number; ts: number }>();
  config: TopicConfig;
  head = 0;
  lastTs = 0;

  constructor(config: TopicConfig) {
    this.config = config;
  }

  get live(): ModelRecord[] {
    return this.records.filter(({ fate }) => fate === "live");
  }

  get count(): number {
    return this.live.length;
  }

  get bytes(): number {
    return this.live.reduce((sum, record) => sum + payloadBytes(record), 0);
  }

  get earliest(): number {
    return this.live[0]?.seq ?? this.head + 1;
  }

  get floor(): number {
    return (
      Math.max(0, ...this.records.filter(({ fate }) => fate === "cap" || fate === "ttl").map(({ seq }) => seq)) + 1
    );
  }

  tick(now: number): void {
    const ttl = Number(this.config.ttlMs);
    for (const record of this.live) if (ttl > 0 && now - record.ts > ttl) record.fate = "ttl";
    const window = Number(this.config.idempotencyWindowMs);
    for (const [key, { ts }] of this.keys) if (window === 0 || now - ts > window) this.keys.delete(key);
  }

  configure(now: number, config: TopicConfig): void {
    this.tick(now);
    this.config = config;
    this.tick(now);
    this.#enforceCaps();
  }

  refusal(count: number, bytes: number): string | undefined {
    if (this.config.discard !== "reject") return undefined;
    const [records, size] = [Number(this.config.capRecords) || Infinity, Number(this.config.capBytes) || Infinity];
    if (count > records || bytes > size) return "record_too_large";
    return this.count + count > records || this.bytes + bytes > size ? "topic_full" : undefined;
  }

  append(now: number, batch: readonly Omit<ModelRecord, "seq" | "ts" | "fate">[]): void {
    this.lastTs = Math.max(this.lastTs, now);
    for (const record of batch) this.records.push({ ...record, seq: ++this.head, ts: this.lastTs, fate: "live" });
    this.#enforceCaps();
  }

  delete(before: number | undefined, match: ModelMatch | undefined): number {
    const taken = this.live.filter(
      (record) => record.seq < (before ?? Infinity) && (match === undefined || isMatch(match, record)),
    );
    for (const record of taken) record.fate = "deleted";
    return taken.length;
  }

  hole(to: number): void {
    const last = this.holes.at(-1);
    if (last?.to === this.head) last.to = to;
    else this.holes.push({ from: this.head + 1, to });
    this.head = to;
  }

  read(request: ModelRead): ModelPage {
    const begin = this.#begin(request.fromSeq);
    const ahead = this.holes.find(({ to }) => to > begin.cursor);
    const until = ahead === undefined ? this.head : Math.max(begin.cursor, ahead.from - 1);
    const texts: string[] = [];
    const seqs: number[] = [];
    let next = until;
    let bytes = -1;
    for (const record of this.live.filter(({ seq }) => seq > begin.cursor && seq <= until)) {
      if (request.match !== undefined && !isMatch(request.match, record)) continue;
      if (this.config.dedupeNode && record.node !== undefined && request.nodes.includes(record.node)) continue;
      const text = wireText(record, request);
      bytes += Buffer.byteLength(text) + 1;
      if (texts.length === request.limit || (texts.length > 0 && bytes > request.maxBytes)) {
        next = record.seq - 1;
        break;
      }
      texts.push(text);
      seqs.push(record.seq);
    }
    return { text: texts.join(","), seqs, next, tombstone: begin.tombstone, missed: begin.missed };
  }

  #begin(from: number): Pick<ModelPage, "tombstone" | "missed"> & { readonly cursor: number } {
    const ends = { earliestSeq: this.earliest, headSeq: this.head };
    const { floor, head } = this;
    if (from > head) {
      const tombstone = { gapFrom: 1, gapTo: head, reason: "recreated" as const, ...ends };
      return { tombstone, missed: [0, head], cursor: floor - 1 };
    }
    if (from + 1 < floor) {
      const inGap = this.records.filter(({ seq }) => seq > from && seq < floor);
      const causes = new Set(inGap.map(({ fate }) => fate).filter((fate) => fate === "cap" || fate === "ttl"));
      const reason: TombstoneReason = causes.size === 2 ? "mixed" : [...causes][0];
      const all = floor - 1 - from;
      const asked = inGap.filter(({ fate }) => fate === "deleted").length;
      return {
        tombstone: { gapFrom: from + 1, gapTo: floor - 1, reason, ...ends },
        missed: [all - asked, all],
        cursor: floor - 1,
      };
    }
    const hole = this.holes.find(({ from: first, to }) => first <= from + 1 && from + 1 <= to);
    if (hole === undefined) return { tombstone: undefined, missed: [0, 0], cursor: from };
    const missed = hole.to - from;
    const tombstone = { gapFrom: from + 1, gapTo: hole.to, reason: "crash" as const, ...ends };
    return { tombstone, missed: [missed, missed], cursor: hole.to };
  }

  #enforceCaps(): void {
    const [records, size] = [Number(this.config.capRecords) || Infinity, Number(this.config.capBytes) || Infinity];
    while (this.count > records || this.bytes > size) this.live[0].fate = "cap";
  }
}

export function payloadBytes({ data, meta }: Pick<ModelRecord, "data" | "meta">): number {
  return Buffer.byteLength(data) + Buffer.byteLength(meta ?? "");
}

export function isMatch(match: ModelMatch, { tag }: ModelRecord): boolean {
  return tag !== undefined && (match.glob ? tag.startsWith(match.text) : tag === match.text);
}

function wireText(record: ModelRecord, request: ModelRead): string {
  const fields = [`"$seq":${record.seq}`, `"$ts":${record.ts}`];
  if (record.node !== undefined) fields.push(`"$node":${JSON.stringify(record.node)}`);
  if (request.includeTags && record.tag !== undefined) fields.push(`"$tag":${JSON.stringify(record.tag)}`);
  if (request.includeData) fields.push(`"data":${record.data}`);
  if (request.includeMeta && record.meta !== undefined) fields.push(`"meta":${record.meta}`);
  return `{${fields.join(",")}}`;
}
