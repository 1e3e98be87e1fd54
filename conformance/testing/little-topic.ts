/** One topic of the little server: an array of records and two watermarks (spec 1.3 to 1.9), plainly. */
import { Refusal } from "./little-fields.ts";
import type { Config } from "./little-fields.ts";
import type { Wrong } from "./little-wrong.ts";

export interface Draft {
  readonly node: string | undefined;
  readonly tag: string | undefined;
  readonly data: string;
  readonly meta: string | undefined;
}

interface Stored extends Draft {
  readonly seq: number;
  readonly ts: number;
}

export interface ReadOptions {
  readonly fromSeq: number;
  readonly limit: number;
  readonly maxBytes: number;
  readonly nodes: readonly string[];
  readonly match: ((tag: string | undefined) => boolean) | undefined;
}

export interface Read {
  readonly records: readonly Stored[];
  readonly next: number;
  readonly scanned: number;
  readonly tombstone: Readonly<Record<string, unknown>> | null;
}

export interface Appended {
  readonly first: number;
  readonly last: number;
  readonly head: number;
}

function sizeOf(record: Draft): number {
  return Buffer.byteLength(record.data) + Buffer.byteLength(record.meta ?? "");
}

export class LittleTopic {
  config: Config;
  live: Stored[] = [];
  head = 0;
  floor = 1;
  lastWrite: number | null = null;
  lastRead: number | null = null;
  gone = false;
  readonly waiters = new Set<() => void>();
  readonly #causes = new Set<string>();
  readonly #keys = new Map<string, { at: number; answer: Appended }>();
  readonly #wrong: Wrong | undefined;

  constructor(config: Config, wrong: Wrong | undefined) {
    this.config = config;
    this.#wrong = wrong;
  }

  get earliest(): number {
    return this.live[0]?.seq ?? this.head + 1;
  }

  get bytes(): number {
    return this.live.reduce((sum, record) => sum + sizeOf(record), 0);
  }

  remembered(key: string | undefined): Appended | undefined {
    const found = key === undefined ? undefined : this.#keys.get(key);
    if (found === undefined || this.#wrong === "key-forgotten") return undefined;
    return Date.now() - found.at < this.config.idempotency_window_ms ? found.answer : undefined;
  }

  append(drafts: readonly Draft[], key: string | undefined, topic: string): Appended {
    if (this.config["discard"] === "reject") this.#admit(drafts, topic);
    const first = this.head + 1;
    const ts = Math.max(Date.now(), this.lastWrite ?? 0);
    for (const draft of drafts) this.live.push({ ...draft, seq: ++this.head, ts });
    this.lastWrite = ts;
    this.retain();
    const answer = { first, last: this.head, head: this.head };
    if (key !== undefined) this.#keys.set(key, { at: Date.now(), answer });
    this.wake();
    return answer;
  }

  #admit(drafts: readonly Draft[], topic: string): void {
    const { cap_records, cap_bytes } = this.config;
    const bytes = drafts.reduce((sum, draft) => sum + sizeOf(draft), 0);
    const over = (count: number, size: number): boolean =>
      (cap_records > 0 && count > cap_records) || (cap_bytes > 0 && size > cap_bytes);
    if (over(drafts.length, bytes)) throw new Refusal(400, "record_too_large");
    if (!over(this.live.length + drafts.length, this.bytes + bytes)) return;
    throw new Refusal(422, "topic_full", {
      topic,
      cap_records,
      cap_bytes,
      head_seq: this.head,
      earliest_seq: this.earliest,
    });
  }

  wake(): void {
    if (this.#wrong === "wake-up-lost" && this.head % 4 === 0) return;
    for (const waiter of [...this.waiters]) waiter();
  }

  /** Caps and TTL, applied to the letter. */
  retain(): void {
    const { cap_records, cap_bytes, ttl_ms } = this.config;
    const now = Date.now();
    while (this.live[0] !== undefined && ttl_ms > 0 && now - this.live[0].ts > ttl_ms) this.#evict("ttl");
    let bytes = this.bytes;
    while ((cap_records > 0 && this.live.length > cap_records) || (cap_bytes > 0 && bytes > cap_bytes)) {
      bytes -= sizeOf(this.#evict("cap"));
    }
  }

  #evict(cause: string): Stored {
    const [oldest, ...rest] = this.live;
    if (oldest === undefined) throw new Error("nothing to evict");
    this.live = rest;
    this.floor = oldest.seq + 1;
    this.#causes.add(cause);
    return oldest;
  }

  remove(beforeSeq: number | undefined, match: ReadOptions["match"]): number {
    const before = this.live.length;
    this.live = this.live.filter((record) => {
      return (beforeSeq !== undefined && record.seq >= beforeSeq) || (match !== undefined && !match(record.tag));
    });
    if (this.#wrong === "delete-moves-floor") this.floor = this.earliest;
    return before - this.live.length;
  }

  read(options: ReadOptions): Read {
    const recreated = options.fromSeq > this.head;
    const tombstone = this.#tombstone(options.fromSeq);
    const records: Stored[] = [];
    let next = recreated ? 0 : options.fromSeq;
    let bytes = 0;
    let scanned = 0;
    for (const record of this.live) {
      if (record.seq <= next) continue;
      const own = this.config.dedupe_node && record.node !== undefined && options.nodes.includes(record.node);
      const skipped = own || options.match?.(record.tag) === false;
      if (
        !skipped &&
        records.length > 0 &&
        (records.length >= options.limit || bytes + sizeOf(record) > options.maxBytes)
      ) {
        return { records, next, scanned, tombstone };
      }
      scanned++;
      if (!skipped || this.#wrong !== "cursor-sticks") next = record.seq;
      if (skipped) continue;
      bytes += sizeOf(record);
      records.push(record);
    }
    return { records, next: this.#wrong === "cursor-sticks" ? next : this.head, scanned, tombstone };
  }

  #tombstone(fromSeq: number): Read["tombstone"] {
    const estimate = (from: number, to: number): number => Math.max(0, to - from + 1);
    const tombstone = (gapFrom: number, gapTo: number, reason: string): Read["tombstone"] => ({
      gap_from: gapFrom,
      gap_to: gapTo,
      reason,
      missed_estimate: estimate(gapFrom, gapTo),
      earliest_seq: this.earliest,
      head_seq: this.head,
    });
    if (fromSeq > this.head) return tombstone(1, this.head, "recreated");
    if (fromSeq + 1 >= this.floor) return null;
    const reason = this.#causes.size > 1 ? "mixed" : [...this.#causes].join("");
    return tombstone(fromSeq + 1, this.#wrong === "tombstone-off-by-one" ? this.floor : this.floor - 1, reason);
  }
}
