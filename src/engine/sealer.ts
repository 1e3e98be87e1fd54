/**
 * Seals tails (spec 6.3): those that have grown enough, one by one; and, when all of them together take too much memory or
 * hold the log back too far, the ones that were written to longest ago, together in one file per shard. Off the commit
 * path: one file at a time, from synced frames only. What fails is tried again later; nothing is lost meanwhile.
 */
import { assert } from "../base/assert.ts";
import { type Env, errnoOf } from "../env/env.ts";
import { isNoSpace } from "../storage/io.ts";
import type { Room } from "../storage/room.ts";
import type { ClosedTail, PendingPart } from "../topic/seal.ts";
import type { Topic } from "../topic/topic.ts";
import { comparePlaces, type LogPlace } from "../wal/commit.ts";
import { shardNumber, type Wal } from "../wal/wal.ts";
import type { EngineEvents } from "./events.ts";
import type { SharedQuota } from "./quota.ts";
import type { Segments } from "./segments.ts";
import { heldBackCheckpoints, leastAgedBytes, segmentThresholds, type StorageConfig } from "./storage-config.ts";
import { turns } from "./turns.ts";

export interface SealerDeps {
  readonly env: Env;
  readonly config: StorageConfig;
  readonly segments: Segments;
  readonly quota: SharedQuota;
  readonly events: EngineEvents;
  readonly room: Room;
  readonly shards: number;
  topics(): Iterable<Topic>;
  topic(id: number): Topic | undefined;
  /** While the log is replayed there is no WAL: everything that was read will be synced before anything refers to it. */
  wal(): Wal | undefined;
  nowMs(): number;
}

/** After a failure nothing is sealed for so long, twice as long each time. */
const firstPauseMs = 500;
const longestPauseMs = 30_000;
/** What holds the log back is looked for less often than what has grown. */
const looksPerSearch = 8;
/** Topics are looked at, and sealed, so many at a time. */
const looksPerPiece = 2048;
const sealsPerPiece = 64;
/** While tails take too much memory: who appends would fill it faster than it is freed. */
const urgentSealsPerPiece = 1024;
/** From this share of their memory on the longest idle tails are sealed: the rest is for what comes meanwhile. */
const crowdedShare = 3 / 4;
/** From here on what could as well be done later slows down, so that nobody who writes has to wait. */
const pressedShare = 7 / 8;
/** Topics in one file: their tails stay in memory until it is finished. */
const mostTogether = 16_384;

export class Sealer {
  readonly #deps: SealerDeps;
  readonly #due = new Set<number>();
  #working: Promise<void> | undefined;
  #pauseMs = 0;
  #notBeforeMs = 0;
  #stopped = false;
  #looking: Promise<void> | undefined;
  #looks = 0;
  /** Who waits for room. */
  readonly #onFile: (() => void)[] = [];
  /** Topics whose tails were found to hold the log back. */
  #late: readonly Topic[] = [];

  constructor(deps: SealerDeps) {
    this.#deps = deps;
  }

  /** A tail has grown to a threshold. */
  due(topicId: number): void {
    this.#due.add(topicId);
    this.#start();
  }

  /** Looks at all topics: for age, for memory, for how far the log is held back. */
  tend(): void {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
  }

  /** Tails take all the memory that they may: who appends has to wait. */
  get overwhelmed(): boolean {
    return this.#takes(1);
  }

  /** Somebody waits for what is being sealed, or soon would. */
  get isUrgent(): boolean {
    return this.#stopped || this.#isCrowded || this.#onFile.length > 0;
  }

  /** They are about to. */
  get isPressed(): boolean {
    return this.#takes(pressedShare);
  }

  get #isCrowded(): boolean {
    return this.#takes(crowdedShare);
  }

  #takes(share: number): boolean {
    return this.#deps.quota.heldBytes > this.#deps.config.tailBytes * share;
  }

  /** Whether there is hope of it. */
  get failing(): boolean {
    return this.#pauseMs > 0 || this.#deps.room.isShort;
  }

  /** Resolves when a round of sealing is over, or at once when there is none. */
  get settled(): Promise<void> {
    return this.#working ?? Promise.resolve();
  }

  /** Seals for as long as tails take more than they may: file by file, so that who waits does not wait for a whole round. */
  async relieve(): Promise<void> {
    while (this.overwhelmed && !this.failing && !this.#stopped) {
      const before = this.#deps.quota.heldBytes;
      this.#start();
      await this.#nextFile();
      if (this.#deps.quota.heldBytes >= before) return;
    }
  }

  /** Resolves with the file that is being made, or when the round is over: whatever came of it. */
  async #nextFile(): Promise<void> {
    if (this.#working !== undefined) await new Promise<void>((resolve) => this.#onFile.push(resolve));
  }

  #fileMade(): void {
    for (const resolve of this.#onFile.splice(0)) resolve();
  }

  /** Seals everything that is in frames. */
  async sealAll(): Promise<void> {
    await this.settled;
    const { shards } = this.#deps;
    for (let shard = 0; shard < shards; shard++) {
      const topics = [...this.#deps.topics()].filter(({ id }) => shardNumber(id, shards) === shard);
      while ((await this.#seal(topics)) > 0);
    }
  }

  /** What these have in frames, or derived. What fails is tried again later. */
  async sealThese(topics: readonly Topic[]): Promise<void> {
    this.#late = [...new Set([...this.#late, ...topics])];
    this.#start();
    await this.settled;
  }

  /** Seals tails that begin in older files of the log, by shard. What fails is tried again later, by others. */
  async sealBefore(files: readonly (number | undefined)[]): Promise<void> {
    const late = [...this.#deps.topics()].filter((topic) =>
      [...this.#holdsBack(topic)].some(({ shard, place }) => place.index < (files[shard] ?? 0)),
    );
    this.#late = [...new Set([...this.#late, ...late])];
    if (this.#wantsRelief) this.#start();
    await this.settled;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#looking;
    await this.settled;
  }

  async #look(): Promise<void> {
    const { config, env } = this.#deps;
    const agedMs = config.segmentMaxAgeMs === 0 ? -Infinity : this.#deps.nowMs() - config.segmentMaxAgeMs;
    const turn = turns(env.timers, looksPerPiece);
    for (const topic of this.#deps.topics()) {
      if (this.#isDue(topic, agedMs)) this.#due.add(topic.id);
      const others = turn();
      if (others !== undefined) await others;
    }
    this.#looks = (this.#looks + 1) % looksPerSearch;
    if (this.#looks === 0) this.#late = await this.#heldBack();
    if (this.#due.size > 0 || this.#wantsRelief) this.#start();
  }

  #isDue(topic: Topic, agedMs: number): boolean {
    const { config } = this.#deps;
    const { count, bytes, sinceMs } = topic.tail;
    return (
      count >= config.segmentMaxRecords ||
      bytes >= config.segmentMaxBytes ||
      (bytes >= leastAgedBytes && sinceMs < agedMs)
    );
  }

  get #wantsRelief(): boolean {
    return this.#isCrowded || this.#late.length > 0;
  }

  #start(): void {
    if (this.#working !== undefined || this.#stopped || this.#deps.room.isShort) return;
    if (this.#deps.env.clock.monotonicMs() < this.#notBeforeMs) return;
    this.#working = this.#work().finally(() => {
      this.#working = undefined;
      this.#fileMade();
      if (this.#due.size > 0) this.#start();
    });
  }

  async #work(): Promise<void> {
    try {
      for (const id of this.#due) {
        if (this.#stopped) return;
        this.#due.delete(id);
        const topic = this.#deps.topic(id);
        if (topic !== undefined) await this.#seal([topic]);
        // Behind a flood that never ends the other tails have their turn.
        if (this.#isCrowded) await this.#relieve();
      }
      if (!this.#stopped && this.#wantsRelief) await this.#relieve();
      this.#pauseMs = 0;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      if (isNoSpace(error)) this.#deps.room.noteShort();
      this.#pauseMs = Math.min(longestPauseMs, Math.max(firstPauseMs, this.#pauseMs * 2));
      this.#notBeforeMs = this.#deps.env.clock.monotonicMs() + this.#pauseMs;
      this.#deps.events({ type: "storage-failed", work: "seal", errno });
    }
  }

  /** The longest idle tails together, until half of what they may take is free. */
  async #relieve(): Promise<void> {
    const { config, quota, shards } = this.#deps;
    const heldBack = new Set(this.#late);
    this.#late = [];
    const tails = await this.#byIdleness();
    const chosen: Topic[][] = Array.from({ length: shards }, () => []);
    let toFree = this.#isCrowded ? quota.heldBytes - config.tailBytes / 2 : 0;
    for (const { topic, heldBytes } of tails) {
      if (toFree <= 0 && !heldBack.has(topic)) continue;
      chosen[shardNumber(topic.id, shards)].push(topic);
      toFree -= heldBytes;
    }
    for (const topics of chosen)
      for (let at = 0; at < topics.length; at += mostTogether) await this.#seal(topics.slice(at, at + mostTogether));
  }

  async #byIdleness(): Promise<Tail[]> {
    const turn = turns(this.#deps.env.timers, looksPerPiece);
    const tails: Tail[] = [];
    for (const topic of this.#deps.topics()) {
      const { count, heldBytes } = topic.tail;
      if (count > 0) tails.push({ topic, heldBytes, lastMs: topic.summary().lastWriteTs ?? 0 });
      const others = turn();
      if (others !== undefined) await others;
    }
    assert(tails.length <= mostTails, "so many tails can be sorted");
    return sortedByIdleness(tails);
  }

  /** Tails because of which a checkpoint would have to replay too much. */
  async #heldBack(): Promise<Topic[]> {
    const wal = this.#deps.wal();
    if (wal === undefined) return [];
    const most = heldBackCheckpoints * this.#deps.config.checkpointBytes;
    // Whatever the tails are, they cannot hold back more than there is.
    const long = new Set(wal.shards.filter((shard) => shard.bytesSince(firstPlace) > most));
    if (long.size === 0) return [];
    const turn = turns(this.#deps.env.timers, looksPerPiece);
    const oldest = new Map<WalShard, LogPlace>();
    const behind: { readonly topic: Topic; readonly shard: WalShard }[] = [];
    for (const topic of this.#deps.topics()) {
      for (const { shard: number, place } of this.#holdsBack(topic)) {
        const shard = wal.shards[number];
        if (!long.has(shard)) continue;
        const known = oldest.get(shard);
        if (known === undefined || comparePlaces(place, known) < 0) oldest.set(shard, place);
        if (shard.bytesSince(place) > most / 2) behind.push({ topic, shard });
      }
      const others = turn();
      if (others !== undefined) await others;
    }
    const late = behind.filter(({ shard }) => {
      const place = oldest.get(shard);
      return place !== undefined && shard.bytesSince(place) > most;
    });
    return [...new Set(late.map(({ topic }) => topic))];
  }

  /** By shard, the places in the log from which on a topic's tail needs it. */
  *#holdsBack({ id, tail }: Topic): Generator<{ readonly shard: number; readonly place: LogPlace }> {
    const { shards } = this.#deps;
    if (tail.place !== undefined) yield { shard: shardNumber(id, shards), place: tail.place };
    for (const { sourceId, place } of tail.needs) yield { shard: shardNumber(sourceId, shards), place };
  }

  /** All of a shard, into one file; gives the number of topics of which something was sealed. */
  async #seal(topics: readonly Topic[]): Promise<number> {
    const { segments, events, config, env } = this.#deps;
    const limit = {
      records: config.segmentMaxRecords * segmentThresholds,
      bytes: config.segmentMaxBytes * segmentThresholds,
    };
    const turn = turns(env.timers, this.#isCrowded ? urgentSealsPerPiece : sealsPerPiece);
    const closed: { readonly topic: Topic; readonly tail: ClosedTail }[] = [];
    for (const topic of topics) {
      const tail = topic.closeTail(limit);
      if (tail !== undefined) closed.push({ topic, tail });
      const others = turn();
      if (others !== undefined) await others;
    }
    if (closed.length === 0) return 0;
    const startedMs = env.clock.monotonicMs();
    const shard = this.#deps.wal()?.shardOf(closed[0].topic.id);
    // A read-only shard's log stays as it is, and so may its tails.
    if (shard !== undefined && !(await shard.synced())) return 0;
    const sealed = { file: segments.next, records: 0, bytes: 0 };
    await segments.make(
      async (writer) => {
        const pending: { readonly topic: Topic; readonly part: PendingPart }[] = [];
        for (const { topic, tail } of closed) {
          const part = await topic.writeTail(tail, writer);
          pending.push({ topic, part });
          sealed.records += part.built?.entry.records ?? 0;
          sealed.bytes += part.built?.entry.bytes ?? 0;
          const others = turn();
          if (others !== undefined) await others;
        }
        return { parts: pending.flatMap(({ part }) => part.built?.entry ?? []), result: pending };
      },
      async (pending) => {
        for (const { topic, part } of pending) {
          await install(segments, topic, part);
          const others = turn();
          if (others !== undefined) await others;
        }
      },
    );
    const ms = Math.round(env.clock.monotonicMs() - startedMs);
    events({ type: "segment-sealed", ...sealed, topics: closed.length, ms });
    this.#fileMade();
    return closed.length;
  }
}

interface Tail {
  readonly topic: Topic;
  readonly heldBytes: number;
  readonly lastMs: number;
}

/** As numbers: comparing a hundred thousand objects would keep everybody waiting. */
function sortedByIdleness(tails: readonly Tail[]): Tail[] {
  const least = tails.reduce((first, { lastMs }) => Math.min(first, lastMs), Infinity);
  const keys = Float64Array.from(tails, ({ lastMs }, i) => Math.min(lastMs - least, longestMs) * mostTails + i);
  return Array.from(keys.sort(), (key) => tails[key % mostTails]);
}

const mostTails = 2 ** 22;
/** What has been idle for as much longer than the idlest counts as alike: three weeks. */
const longestMs = 2 ** 31 - 1;

type WalShard = Wal["shards"][number];

/** Before everything that is there. */
const firstPlace: LogPlace = { index: 0, position: 0 };

/** Puts a part in its place as soon as nothing stands in the way; `false` when nobody wants it any more. */
export async function install(segments: Segments, topic: Topic, pending: PendingPart): Promise<boolean> {
  for (;;) {
    const installed = topic.install(pending);
    if (installed.outcome === "obsolete") return false;
    if (installed.outcome === "installed") {
      if (installed.part !== undefined) segments.use(installed.part.entry);
      return true;
    }
    await installed.decided;
  }
}
