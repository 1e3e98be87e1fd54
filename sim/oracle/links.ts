/**
 * What routers owe (spec 3.2, 3.3), as plainly as it can be said. A destination is not held against a list of changes, for
 * nobody is told when a copy is made: what was shown in it is remembered, seq by seq, and every look at it is held against
 * that and against its source.
 */
import { assert } from "../../src/base/assert.ts";
import { type Crash, keepsAcked, mayLeaveHole } from "./crash.ts";
import type { TopicHistory } from "./history.ts";
import { type Change, ModelTopic, tagMatches } from "./model.ts";
import { brief, type Observation, type SeenRecord, type SeenTopic } from "./observation.ts";

export interface ModelRouter {
  readonly name: string;
  readonly source: string;
  readonly dest: string;
  /** Only records whose tag begins so. */
  readonly prefix: string | undefined;
  /** Records of the source up to here were there before it. */
  readonly from: number;
  /** Those behind here came when it was there for certain. */
  certain: number;
  /** Those behind here came when it was gone for certain. */
  until: number;
  state: "asked" | "there" | "leaving" | "gone";
}

export type Delete = Change & { kind: "deleteRecords" };

interface Shown {
  readonly data: string;
  readonly tag: string | undefined;
  /** `undefined` for what was answered and not seen yet. */
  readonly ts: number | undefined;
  settled: boolean;
  /** A crash took it: its seq is never given out again. */
  lost: boolean;
}

/** What is known of one destination. */
export class DestHistory {
  /** By seq: what stood there when anybody looked, or was told so. */
  readonly shown = new Map<number, Shown>();
  /** Seqs of records that were deleted by request; `true`: nobody can bring them back. */
  readonly deleted = new Map<number, boolean>();
  /** Deletes that are not answered. */
  readonly open = new Set<Delete>();
  /** Every delete that was asked for: it may have taken copies that nobody saw before. */
  readonly deletes: Delete[] = [];

  clone(): DestHistory {
    const copy = new DestHistory();
    for (const [seq, shown] of this.shown) copy.shown.set(seq, { ...shown });
    for (const [seq, settled] of this.deleted) copy.deleted.set(seq, settled);
    for (const change of this.open) copy.open.add(change);
    copy.deletes.push(...this.deletes);
    return copy;
  }

  settle(): void {
    for (const shown of this.shown.values()) shown.settled = !shown.lost;
    for (const seq of this.deleted.keys()) this.deleted.set(seq, true);
  }

  /** A delete was answered: what it took beside `seqs` came to be there while it was asked for. */
  took(seqs: readonly number[], change: Delete, left: readonly SeenRecord[]): void {
    const there = new Set(left.map(({ seq }) => seq));
    for (const seq of seqs) this.deleted.set(seq, false);
    for (const [seq, { tag, lost }] of this.shown)
      if (!lost && !there.has(seq) && !this.deleted.has(seq) && takes(change, seq, tag)) this.deleted.set(seq, false);
  }

  show({
    seq,
    data,
    tag,
    ts,
  }: Pick<SeenRecord, "seq" | "data" | "tag"> & { readonly ts?: number }): string | undefined {
    const known = this.shown.get(seq);
    if (known === undefined) this.shown.set(seq, { data, tag, ts, settled: false, lost: false });
    else if (known.ts === undefined) this.shown.set(seq, { ...known, ts });
    else if (ts !== undefined && ts !== known.ts) return `seq ${seq} was of ${known.ts}, and is of ${ts} now`;
    return known === undefined || known.data === data
      ? undefined
      : `seq ${seq} was ${brief(known.data)}, and is ${brief(data)} now`;
  }
}

export class Links {
  readonly routers: ModelRouter[] = [];
  readonly #dests = new Map<string, DestHistory>();
  #restarted = false;

  clone(): Links {
    const copy = new Links();
    copy.#restarted = this.#restarted;
    for (const router of this.routers) copy.routers.push({ ...router });
    for (const [name, dest] of this.#dests) copy.#dests.set(name, dest.clone());
    return copy;
  }

  /** `undefined` for a topic that no router ever led to. */
  dest(name: string): DestHistory | undefined {
    return this.#dests.get(name);
  }

  /** Whether records come from one topic to another; `undefined` where a router on the way is or is not there. */
  leads(from: string, to: string): boolean | undefined {
    if (this.#leads(from, to, ({ state }) => state === "there")) return true;
    return this.#leads(from, to, ({ state }) => state !== "gone") ? undefined : false;
  }

  #leads(from: string, to: string, counts: (router: ModelRouter) => boolean): boolean {
    const reached = new Set([from]);
    for (const topic of reached)
      for (const router of this.routers) if (router.source === topic && counts(router)) reached.add(router.dest);
    return reached.has(to);
  }

  settle(): void {
    for (const dest of this.#dests.values()) dest.settle();
  }

  /** A router is asked for: its destination is looked at in another way from now on. */
  asked(router: Omit<ModelRouter, "certain" | "until" | "state">, dest: TopicHistory): ModelRouter {
    const asked: ModelRouter = { ...router, certain: Infinity, until: Infinity, state: "asked" };
    this.routers.push(asked);
    if (this.#dests.has(router.dest)) return asked;
    const history = new DestHistory();
    this.#dests.set(router.dest, history);
    for (const { seq, record } of dest.live?.records ?? []) history.show({ seq, data: record.data, tag: record.tag });
    history.settle();
    return asked;
  }

  /** Which routers there are after a start. */
  judgeRouters(names: readonly string[]): string | undefined {
    for (const router of this.routers) {
      const there = names.includes(router.name);
      if (router.state === "there" && !there) return `router ${router.name} is gone`;
      if (router.state === "gone" && there && !this.#again(router)) return `router ${router.name} is there again`;
      if (router.state === "asked" || router.state === "leaving") router.state = there ? "there" : "gone";
    }
    return undefined;
  }

  #again(router: ModelRouter): boolean {
    return this.routers.some((other) => other !== router && other.name === router.name && other.state !== "gone");
  }

  /** What is wrong with a destination, in words. */
  judge(history: TopicHistory, observation: Observation, crash: Crash): string | undefined {
    const seen = observation.get(history.name);
    const dest = this.dest(history.name);
    assert(dest !== undefined, "a destination is judged");
    this.#restarted ||= crash !== "none";
    if (seen === undefined) return history.live === undefined ? undefined : "it is not there, and should be";
    const wrong =
      this.#lost(dest, history, seen, crash) ??
      undeleted(dest, seen, crash) ??
      this.#wrongHole(observation, history, seen, crash) ??
      this.#wrongCopies(history.name, seen, observation, crash);
    if (wrong !== undefined) return wrong;
    for (const record of seen.records) {
      const second = dest.show(record);
      if (second !== undefined) return second;
    }
    if (crash === "none") return undefined;
    // What only memory held of the copies is gone, and need not come again.
    if (seen.config.durability === "ephemeral")
      for (const router of this.routers)
        if (router.dest === history.name)
          router.certain = Math.max(finite(router.certain), observation.get(router.source)?.head ?? 0);
    history.base = ModelTopic.found(seen, history.instances);
    history.issued = [];
    const there = new Set(seen.records.map(({ seq }) => seq));
    for (const [seq, shown] of dest.shown) if (!there.has(seq) && !dest.deleted.has(seq)) shown.lost = true;
    dest.open.clear();
    return undefined;
  }

  /** A hole that was not there before comes from a crash, by the topic's class, or stands for what the source lacks. */
  #wrongHole(observation: Observation, history: TopicHistory, seen: SeenTopic, crash: Crash): string | undefined {
    if (mayLeaveHole(crash, seen.config.durability)) return undefined;
    const sources = this.routers
      .filter(({ dest }) => dest === history.name)
      .map(({ source }) => observation.get(source));
    const lacks = sources.some((source) => source === undefined || source.tombstones.length > 0);
    // What was deleted before it was forwarded is kept for that, but by no start.
    const forgot =
      this.#restarted && sources.some((source) => source !== undefined && source.records.length < source.head);
    const known = history.base?.announced ?? [];
    const fresh = seen.tombstones.find(
      ({ gapFrom, gapTo, reason }) =>
        (reason === "crash" || (reason === "source_trim" && !forgot)) &&
        !known.some(({ from, to }) => from <= gapFrom && gapTo <= to),
    );
    return fresh === undefined || lacks ? undefined : `${brief(fresh)} is announced, and nothing is lost`;
  }

  /** What was shown, or acked, stays as the destination's own class says, at its place. */
  #lost(dest: DestHistory, history: TopicHistory, seen: SeenTopic, crash: Crash): string | undefined {
    const { durability, capRecords, capBytes, ttlMs } = seen.config;
    const there = new Map(seen.records.map(({ seq, data }) => [seq, data]));
    for (const { change, state, firstSeq, settled } of history.issued) {
      if (change.kind !== "append" || state !== "acked" || firstSeq === undefined) continue;
      change.records.forEach(({ data, tag }, at) => {
        const shown = dest.shown.get(firstSeq + at) ?? { data, tag, ts: undefined, settled, lost: false };
        dest.shown.set(firstSeq + at, shown);
      });
    }
    for (const [seq, { data, tag, settled, lost }] of dest.shown) {
      const is = there.get(seq);
      if (lost && is !== undefined) return `seq ${seq} was lost (${brief(data)}), and is ${brief(is)} now`;
      if (lost) continue;
      if (is !== undefined && is !== data) return `seq ${seq} was ${brief(data)}, and is ${brief(is)} now`;
      if (is !== undefined || dest.deleted.has(seq)) continue;
      if ([...dest.open].some((change) => takes(change, seq, tag))) continue;
      const bounded = capRecords !== 0 || capBytes !== 0 || ttlMs !== 0;
      const stays = keepsAcked(crash, durability) || (settled && durability !== "ephemeral");
      if (stays && !bounded) return `record ${seq} was shown (${brief(data)}), and is not there`;
      if (!isAnnounced(seen, seq)) return `seq ${seq} is neither there nor announced, and nobody deleted it`;
    }
    return undefined;
  }

  /** In the source's order, none twice, none missing that the source has. */
  #wrongCopies(name: string, seen: SeenTopic, observation: Observation, crash: Crash): string | undefined {
    const twice = keyOfTwo(seen.records);
    if (twice !== undefined) return twice;
    for (const router of this.routers) {
      const source = observation.get(router.source);
      if (router.dest !== name || source === undefined) continue;
      const pair = this.routers.filter((one) => one.source === router.source && one.dest === name);
      const places = new Map(source.records.map((record) => [record.data, record]));
      const repeats = this.dest(router.source) !== undefined && hasLost(source);
      const all = seen.records.filter(({ data }) => places.has(data));
      const copies = repeats ? [...new Map(all.map((copy) => [copy.data, copy])).values()].sort(bySeq) : all;
      let last = 0;
      for (const copy of copies) {
        const original = places.get(copy.data)!;
        if (original.seq <= last) return `a copy of source record ${original.seq} stands behind one of ${last}`;
        last = original.seq;
        if (copy.tag !== original.tag || copy.node !== original.node || written(copy.meta) !== written(original.meta))
          return `copy ${brief(copy)} is not like ${brief(original)}`;
        if (!pair.some((one) => wants(one, original)))
          return `record ${original.seq} was copied, and should not have been`;
        if (copy.ts < original.ts) return `copy ${copy.seq} is older than its original`;
      }
      const forgot = crash !== "none" && seen.config.durability === "ephemeral";
      // One that refuses what does not fit keeps what it took: what is missing may only be missing at the end.
      const mayWait = isBounded(seen) && seen.config.discard === "reject" && seen.config.ttlMs === 0;
      if (router.state !== "there" || (isBounded(seen) && !mayWait) || forgot) continue;
      const copied = new Set(copies.map(({ data }) => data));
      const { deletes } = this.dest(name)!;
      const missing = source.records.find(
        (original) =>
          original.seq > router.certain &&
          wants(router, original) &&
          !copied.has(original.data) &&
          !deletes.some((change) => takes(change, 0, original.tag)),
      );
      if (missing !== undefined && (!mayWait || last > missing.seq))
        return `source record ${missing.seq} (${brief(missing.data)}) was not copied`;
    }
    return undefined;
  }
}

function wants({ prefix, from }: ModelRouter, { tag, seq }: SeenRecord): boolean {
  return seq > from && (prefix === undefined || tag?.startsWith(prefix) === true);
}

function isBounded({ config }: SeenTopic): boolean {
  return config.capRecords !== 0 || config.capBytes !== 0 || config.ttlMs !== 0;
}

/** What a source of a chain lost it is given once more, under a new seq (3.2), and the copies of both are there. */
function hasLost({ tombstones }: SeenTopic): boolean {
  return tombstones.some(({ reason }) => reason === "crash");
}

function bySeq(one: SeenRecord, other: SeenRecord): number {
  return one.seq - other.seq;
}

function isAnnounced({ tombstones }: SeenTopic, seq: number): boolean {
  return tombstones.some(({ gapFrom, gapTo }) => gapFrom <= seq && seq <= gapTo);
}

/** What was deleted, in a class that survives, does not come back. */
function undeleted({ deleted, shown }: DestHistory, seen: SeenTopic, crash: Crash): string | undefined {
  for (const { seq, data } of seen.records) {
    const settled = deleted.get(seq);
    // What the delete took may never have been shown to anybody before.
    if (settled === undefined || (shown.get(seq)?.data ?? data) !== data) continue;
    if (settled || keepsAcked(crash, seen.config.durability)) return `record ${seq} is there again`;
    deleted.delete(seq);
  }
  return undefined;
}

/** Of what was just seen in a destination, the seqs that a delete takes. */
export function takenBy(change: Delete, seen: readonly SeenRecord[]): number[] {
  return seen.filter(({ seq, tag }) => takes(change, seq, tag)).map(({ seq }) => seq);
}

function takes({ beforeSeq, tag: wanted }: Delete, seq: number, tag: string | undefined): boolean {
  return (beforeSeq === undefined || seq < beforeSeq) && (wanted === undefined || tagMatches(tag, wanted));
}

function finite(seq: number): number {
  return seq === Infinity ? 0 : seq;
}

interface CopyMeta extends Record<string, unknown> {
  readonly _topics_router?: { readonly idempotency_key: string };
}

/** The key of a copy stands for one record, whoever had the source's name before. */
function keyOfTwo(records: readonly SeenRecord[]): string | undefined {
  const known = new Map<string, string>();
  for (const { data, meta } of records) {
    const key = meta && (JSON.parse(meta) as CopyMeta)._topics_router?.idempotency_key;
    if (key === undefined || key === "") continue;
    const first = known.get(key) ?? data;
    if (first !== data) return `key ${key} stands for ${brief(first)} and for ${brief(data)}`;
    known.set(key, data);
  }
  return undefined;
}

/** Without what a router with keys adds (3.4). */
function written(meta: string | undefined): string | undefined {
  if (meta === undefined) return undefined;
  const rest: Record<string, unknown> = { ...(JSON.parse(meta) as CopyMeta) };
  delete rest["_topics_router"];
  return Object.keys(rest).length === 0 ? undefined : JSON.stringify(rest);
}
