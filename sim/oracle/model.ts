/**
 * What a topic is, as plainly as it can be said (spec 1.2–1.9): lists and loops, nothing shared with the engine but the
 * names of its configuration. Slow, and meant to be read.
 */
import type { TopicConfig } from "../../src/topic/config.ts";
import type { SeenTopic } from "./observation.ts";

/** A record as it was written. `data` and `meta` are JSON texts. */
export interface PlainRecord {
  readonly data: string;
  readonly tag?: string;
  readonly node?: string;
  readonly meta?: string;
}

/** Both ends belong to it. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface Hole extends Range {
  readonly cause: string;
}

export interface ModelRecord {
  readonly seq: number;
  readonly record: PlainRecord;
  /** Server time of its write; until a reader has seen the real one, what the clock was at the call. */
  readonly ts: number;
  /** In the log; what an `ephemeral` topic takes is not. */
  readonly logged: boolean;
  /** The call that wrote it; 0 when the last start found it. */
  readonly call: number;
}

export interface ModelKey extends Range {
  readonly ts: number;
  readonly logged: boolean;
}

/** A change to a topic, in the order in which they take effect. */
export type Change =
  | { readonly kind: "create"; readonly config: TopicConfig }
  | { readonly kind: "append"; readonly records: readonly PlainRecord[]; readonly key?: string }
  /** `seqs`: these and no others, as an ack deletes them. */
  | {
      readonly kind: "deleteRecords";
      readonly beforeSeq?: number;
      readonly tag?: string;
      readonly seqs?: readonly number[];
    }
  | {
      readonly kind: "configure";
      readonly config: TopicConfig;
      /** What the topic began with right after it, where something may have expired meanwhile. */
      readonly earliest?: number;
    }
  /** So much was expired, and is on the device: a clock that steps back doesn't bring it back. */
  | { readonly kind: "expire" }
  /** A change of class from `ephemeral` failed: what it logged first may be in the log. */
  | { readonly kind: "logRetained" }
  | { readonly kind: "deleteTopic" };

export function payloadBytes({ data, meta }: PlainRecord): number {
  return Buffer.byteLength(data) + (meta === undefined ? 0 : Buffer.byteLength(meta));
}

export class ModelTopic {
  config: TopicConfig;
  /** Counts the topics that the name has had. */
  readonly instance: number;
  head = 0;
  /** The head that a restart finds in the log. */
  loggedHead = 0;
  /** Moved by cap and TTL alone. */
  evictFloor = 1;
  /** Live ones, ascending. */
  records: ModelRecord[] = [];
  /** Ascending, neighbours of one cause joined. */
  holes: Hole[] = [];
  keys = new Map<string, ModelKey>();
  #lastTs = 0;

  constructor(config: TopicConfig, instance: number) {
    this.config = config;
    this.instance = instance;
  }

  /** All that it is, for comparing. */
  get contents(): unknown {
    const { keys, ...rest } = this;
    return { ...rest, keys: [...keys] };
  }

  /** The topic that was found, whatever had been there before. */
  static found({ config, head, records, tombstones }: Omit<SeenTopic, "cursors">, instance: number): ModelTopic {
    const topic = new ModelTopic(config, instance);
    topic.head = topic.loggedHead = head;
    topic.records = records.map(({ seq, ts, data, tag, node, meta }) => ({
      seq,
      ts,
      record: {
        data,
        ...(tag === undefined ? {} : { tag }),
        ...(node === undefined ? {} : { node }),
        ...(meta === undefined ? {} : { meta }),
      },
      logged: true,
      call: 0,
    }));
    for (const { gapFrom: from, gapTo: to, reason } of tombstones)
      if (["cap", "ttl", "mixed"].includes(reason)) topic.evictFloor = to + 1;
      else topic.holes.push({ from, to, cause: reason });
    topic.#lastTs = records.at(-1)?.ts ?? 0;
    return topic;
  }

  clone(): ModelTopic {
    const copy = new ModelTopic(this.config, this.instance);
    Object.assign(copy, this);
    copy.records = [...this.records];
    copy.holes = [...this.holes];
    copy.keys = new Map(this.keys);
    copy.#lastTs = this.#lastTs;
    return copy;
  }

  get isEphemeral(): boolean {
    return this.config.durability === "ephemeral";
  }

  get earliest(): number {
    return this.records[0]?.seq ?? this.head + 1;
  }

  get bytes(): number {
    return this.records.reduce((sum, { record }) => sum + payloadBytes(record), 0);
  }

  append(records: readonly PlainRecord[], nowMs: number, call: number, key?: string): void {
    const ts = Math.max(nowMs, this.#lastTs);
    this.#lastTs = ts;
    const logged = !this.isEphemeral;
    const from = this.head + 1;
    for (const record of records) this.records.push({ seq: ++this.head, record, ts, logged, call });
    if (logged) this.loggedHead = this.head;
    if (key !== undefined) this.keys.set(key, { from, to: this.head, ts, logged });
    this.#enforceCaps();
  }

  /** What was there at the call; what was written by later ones is safe, whenever the delete takes effect. */
  deleteRecords(change: Change & { readonly kind: "deleteRecords" }, at: number, nowMs: number): void {
    const { beforeSeq, tag, seqs } = change;
    // What has expired by then is not deleted: its loss is announced.
    this.expire(nowMs);
    const goes = ({ seq, record, call }: ModelRecord): boolean =>
      (seqs === undefined || seqs.includes(seq)) &&
      call < at &&
      (beforeSeq === undefined || seq < beforeSeq) &&
      (tag === undefined || tagMatches(record.tag, tag));
    this.records = this.records.filter((record) => !goes(record));
  }

  configure(config: TopicConfig, nowMs: number, earliest: number): void {
    const hadTtl = this.config.ttlMs !== 0;
    this.expire(nowMs);
    const becomesDurable = this.isEphemeral && config.durability !== "ephemeral";
    this.config = config;
    if (becomesDurable) this.logAll();
    this.expire(nowMs);
    this.#enforceCaps();
    // What expired while it was under way is gone for good, though the new lifetime might have spared it.
    if (hadTtl) this.#evictWhile(() => this.records[0].seq < earliest);
  }

  expire(nowMs: number): void {
    const ttlMs = Number(this.config.ttlMs);
    if (ttlMs > 0) this.#evictWhile(() => nowMs - this.records[0].ts > ttlMs);
  }

  /** What only memory held is gone. */
  restart(): void {
    this.records = this.records.filter(({ logged }) => logged);
    for (const [key, { logged }] of this.keys) if (!logged) this.keys.delete(key);
    this.head = this.loggedHead;
    // What was evicted above it counts as lost: it lies in the hole.
    this.evictFloor = Math.min(this.evictFloor, this.head + 1);
  }

  /** Seqs up to `to` are given up. */
  addHole(to: number, cause: "crash" | "restored" = "crash"): void {
    const from = this.head + 1;
    const last = this.holes.at(-1);
    const joins = last?.to === from - 1 && last.cause === cause;
    if (joins) this.holes = [...this.holes.slice(0, -1), { ...last, to }];
    else this.holes.push({ from, to, cause });
    this.head = this.loggedHead = to;
  }

  /** The calls that led here are over: none of them has a number any more. */
  settle(): void {
    this.records = this.records.map((record) => ({ ...record, call: 0 }));
  }

  /** A reader has seen when they were really written. */
  correctTimes(seen: ReadonlyMap<number, number>): void {
    this.records = this.records.map((record) => ({ ...record, ts: seen.get(record.seq) ?? record.ts }));
    this.#lastTs = Math.max(this.#lastTs, this.records.at(-1)?.ts ?? 0);
  }

  /** What a reader from 0 has to be told of, in order (spec 1.5). */
  get announced(): Range[] {
    const evicted = this.evictFloor > 1 ? [{ from: 1, to: this.evictFloor - 1 }] : [];
    return [...evicted, ...this.holes.map(({ from, to }) => ({ from, to }))];
  }

  /** On the way out of class `ephemeral`. */
  logAll(): void {
    this.records = this.records.map((record) => ({ ...record, logged: true }));
    for (const [key, known] of this.keys) this.keys.set(key, { ...known, logged: true });
    this.loggedHead = this.head;
  }

  #enforceCaps(): void {
    const { capRecords, capBytes } = this.config;
    if (capRecords !== 0) this.#evictWhile(() => this.records.length > Number(capRecords));
    if (capBytes !== 0) this.#evictWhile(() => this.bytes > Number(capBytes));
  }

  #evictWhile(due: () => boolean): void {
    while (this.records.length > 0 && due()) {
      this.evictFloor = this.records[0].seq + 1;
      this.records = this.records.slice(1);
    }
    this.holes = this.holes.filter(({ to }) => to >= this.evictFloor);
  }
}

/** The topic after a change; `undefined` when there is none. */
export function changed(
  topic: ModelTopic | undefined,
  change: Change,
  nowMs: number,
  instance: number,
  call: number,
): ModelTopic | undefined {
  if (change.kind === "create") return new ModelTopic(change.config, instance);
  if (change.kind === "deleteTopic" || topic === undefined) return undefined;
  const next = topic.clone();
  if (change.kind === "append") next.append(change.records, nowMs, call, change.key);
  else if (change.kind === "logRetained") next.logAll();
  else if (change.kind === "configure") next.configure(change.config, nowMs, change.earliest ?? 0);
  else if (change.kind === "expire") next.expire(nowMs);
  else next.deleteRecords(change, call, nowMs);
  return next;
}

/** `tag` ends in a star for a prefix. */
export function tagMatches(of: string | undefined, tag: string): boolean {
  if (of === undefined) return false;
  return tag.endsWith("*") ? of.startsWith(tag.slice(0, -1)) : of === tag;
}
