/**
 * Topics from the frames of the log (spec 6.5): what each frame may be, given those before it. Destinations whose copies have to
 * be derived are put off until all shards have been read (3.3).
 */
import { assert } from "../base/assert.ts";
import type { Env } from "../env/env.ts";
import { damage } from "../storage/refusal.ts";
import { decodeAnchors } from "../topic/anchor-frame.ts";
import type { BlockPool } from "../topic/block-pool.ts";
import { decodeEntry } from "../topic/entries.ts";
import type { LinkEnd } from "../topic/link-end.ts";
import type { Hole } from "../topic/holes.ts";
import type { TopicDeps } from "../topic/instance.ts";
import { Topic } from "../topic/topic.ts";
import { type FrameAnchor, frameKind, type LogPlace } from "../wal/commit.ts";
import type { Frame } from "../wal/frame.ts";
import type { ReplayedShard } from "../wal/replay.ts";
import { FrameReader, type FramePlace } from "../wal/reread.ts";
import type { Finding } from "../wal/wal.ts";
import { shardNumber } from "../wal/wal.ts";
import type { Catalog } from "./catalog.ts";
import type { GoneTopic } from "./checkpoint-codec.ts";
import { Deferred, type DeferredItem } from "./deferred.ts";
import { Deriver, type Deriving, findFrames } from "./deriver.ts";
import type { EngineClock } from "./engine-clock.ts";
import type { EngineEvents } from "./events.ts";
import type { RecoveryOptions } from "./recovery-options.ts";

export type ShardTopicDeps = readonly TopicDeps[];

/** Findings are not in a file yet, and hold no records. */
const unplaced: LogPlace = { index: 0, position: 0 };

/** What deriving copies needs. */
export interface DerivingDeps {
  readonly env: Env;
  readonly blocks: BlockPool;
  readonly shards: readonly (ReplayedShard & { readonly powerLost: boolean })[];
  breathe(): Promise<void> | undefined;
}

type RunDeriving = <T>(work: Deriving<T>) => Promise<T>;

export class Replayer {
  readonly #deps: ShardTopicDeps;
  readonly #restoredTo: RecoveryOptions["restoredTo"];
  /** What is there by now. By id: a name may live on on another shard, which is read earlier or later. */
  readonly #topics = new Map<number, Topic>();
  /** Of deleted topics too: an id never comes back. */
  readonly #names = new Map<number, string>();
  /** Topics that are not there any more: the last operation of each, for the frames of theirs that may still be met. */
  readonly #gone = new Map<number, number>();
  readonly #deferred = new Deferred();
  /** Sources of links, and from which seq on they may be asked for. */
  readonly #sources = new Map<number, number>();
  /** By shard, the last frame. */
  readonly #lastPlaces: LogPlace[];
  #greatestId = 0;
  /** Of the checkpoint that the topics are from. */
  #knownStamp = 0;

  constructor(deps: ShardTopicDeps, restoredTo?: RecoveryOptions["restoredTo"]) {
    this.#deps = deps;
    this.#restoredTo = restoredTo;
    this.#lastPlaces = deps.map(() => unplaced);
  }

  /** What a checkpoint has. */
  restore(topic: Topic): void {
    this.#know(topic);
    this.#noteSource(topic);
    if (topic.resuming?.derives === true) this.#deferred.begin(topic.id);
  }

  /** By shard, where what is replayed begins. */
  startAt(places: readonly LogPlace[] | undefined): void {
    places?.forEach((place, shard) => (this.#lastPlaces[shard] = place));
  }

  restoreGone(gone: readonly GoneTopic[], nextTopicId: number, stamp: number): void {
    this.#knownStamp = stamp;
    for (const { id, op } of gone) this.#gone.set(id, op);
    this.#greatestId = Math.max(this.#greatestId, nextTopicId - 1);
  }

  topic(id: number): Topic | undefined {
    return this.#topics.get(id);
  }

  get all(): Iterable<Topic> {
    return this.#topics.values();
  }

  get gone(): readonly GoneTopic[] {
    return [...this.#gone].map(([id, op]) => ({ id, op }));
  }

  /** Topics whose log is not the one that their checkpoint belongs to: damage, the first of it. */
  concludeReplay(): string | undefined {
    for (const topic of this.#topics.values()) {
      const problem = topic.concludeReplay();
      if (problem !== undefined) return `topic ${topic.name}: ${problem}`;
    }
    return undefined;
  }

  get greatestId(): number {
    return this.#greatestId;
  }

  topicName(topicId: number): string | undefined {
    return this.#names.get(topicId);
  }

  visit(shard: number, { fields, payload, fileIndex, offset, length }: Frame): string | undefined {
    const place = { index: fileIndex, position: offset, length };
    this.#lastPlaces[shard] = place;
    const goneAt = this.#gone.get(fields.topicId);
    if (goneAt !== undefined && fields.op <= goneAt) return undefined;
    switch (fields.kind) {
      case frameKind.mark:
        return undefined;
      case frameKind.final:
        // An end before the checkpoint was followed by others: what its topics came to since is in their sections.
        if (fields.stamp > this.#knownStamp) for (const topic of this.#onShard(shard)) this.#stopClean(topic);
        return undefined;
      case frameKind.anchor:
        return this.#anchors(payload, place);
      case frameKind.topicCreate:
        return this.#create(shard, fields, payload, place);
      default:
        return this.#replay(fields, payload, place);
    }
  }

  /**
   * Every topic by its name, and what is to be logged ahead of everything else: the holes that the classes call for after
   * this start (6.1), and the end of instances that were never answered. A name is given again only when the deletion of
   * its last holder is durable, so of two holders the earlier one is what a client was told failed, outcome unknown.
   */
  conclude(catalog: Catalog, powerLost: readonly boolean[], clock: EngineClock, events: EngineEvents): Finding[][] {
    const found: Finding[][] = powerLost.map(() => []);
    const add = (topic: Topic, finding: Finding): void => {
      const outcome = topic.replay(finding.fields, finding.payload, unplaced);
      assert(outcome.ok, "what recovery finds fits its topic");
      found[shardNumber(topic.id, powerLost.length)].push(finding);
    };
    for (const topic of this.#topics.values()) {
      const earlier = catalog.named(topic.name);
      const [kept, ended] = earlier && earlier.epoch > topic.epoch ? [earlier, topic] : [topic, earlier];
      if (ended) {
        const finding = ended.deleteFrame(clock.nextStamp());
        add(ended, finding);
        this.#gone.set(ended.id, finding.fields.op);
      }
      if (kept === earlier) continue;
      if (earlier) catalog.remove(earlier);
      catalog.add(topic);
    }
    for (const topic of catalog.all()) {
      const hole = this.#holeOf(topic, powerLost);
      if (hole === undefined) continue;
      add(topic, topic.holeFrame(hole, clock.nextStamp()));
      events({ type: "hole-found", topic: topic.name, from: hole.from, to: hole.to, cause: hole.cause });
    }
    return found;
  }

  #holeOf(topic: Topic, powerLost: readonly boolean[]): Hole | undefined {
    const restoredTo = this.#restoredTo;
    if (restoredTo === undefined) return topic.recoveryHole(this.#isLost(topic, powerLost));
    return topic.restoredHole((knownSeq) => restoredTo(topic, knownSeq));
  }

  #create(shard: number, fields: Frame["fields"], payload: Uint8Array, place: FramePlace): string | undefined {
    const known = this.#topics.get(fields.topicId);
    // The checkpoint may have it already.
    if (known?.isResuming === true) return this.#replay(fields, payload, place);
    if (this.#names.has(fields.topicId)) return `topic id ${fields.topicId} is created twice`;
    if (shardNumber(fields.topicId, this.#deps.length) !== shard) return "a topic of another shard";
    const outcome = Topic.fromCreate(fields, payload, place, this.#deps[shard]);
    if (!outcome.ok) return outcome.reason;
    this.#know(outcome.topic);
    return undefined;
  }

  #know(topic: Topic): void {
    this.#topics.set(topic.id, topic);
    this.#names.set(topic.id, topic.name);
    this.#greatestId = Math.max(this.#greatestId, topic.id);
  }

  /**
   * What has to wait for copies is replayed now: all shards have been read. Then, when `replayed` has been told, whatever
   * else may have been shown before a crash that the log survived.
   */
  async derive(deriving: DerivingDeps, replayed: () => void): Promise<void> {
    const { env, blocks, shards } = deriving;
    for (const topic of this.#topics.values()) if (!this.#deferred.has(topic.id)) this.#noteSource(topic);
    if (this.#sources.size === 0) return replayed();
    const powerLost = shards.map((shard) => shard.powerLost);
    const deriver = new Deriver({
      blocks,
      frames: await findFrames(env, shards, this.#sources),
      reader: FrameReader.of(env, shards),
      topic: (id) => this.#topics.get(id),
      // It has just lost what was not synced.
      lossOf: (id) => (powerLost[shardNumber(id, powerLost.length)] ? "crash" : undefined),
    });
    const run: RunDeriving = async (work) => {
      for (;;) {
        const { done, value } = work.next();
        if (done === true) return value;
        const pause = deriving.breathe();
        if (pause !== undefined) await pause;
      }
    };
    // Its own: a frame of a destination is held while frames of its source are read.
    const reader = FrameReader.of(env, shards);
    for (const [topicId, items] of this.#deferred.take())
      await this.#replayDeferred(this.#topics.get(topicId)!, items, reader, { deriver, run });
    replayed();
    for (const one of this.#topics.values())
      if (this.#derivesOn(one, powerLost)) await run(deriver.on(one, this.#lastPlaces[this.#shardOf(one)]));
  }

  #shardOf({ id }: Topic): number {
    return shardNumber(id, this.#deps.length);
  }

  async #replayDeferred(
    topic: Topic,
    items: readonly DeferredItem[],
    reader: FrameReader,
    { deriver, run }: { readonly deriver: Deriver; readonly run: RunDeriving },
  ): Promise<void> {
    const fail = (reason: string, place?: LogPlace): never => {
      throw damage(`topic ${topic.name}: ${reason}`, {
        file: `WAL file ${place?.index ?? 0}`,
        offset: place?.position ?? 0,
      });
    };
    const derive = async (anchor: FrameAnchor | undefined, place: LogPlace): Promise<void> => {
      if (anchor === undefined || !topic.isAhead(anchor)) return;
      const problem = await run(deriver.to(topic, anchor, place));
      if (problem !== undefined) fail(problem, place);
    };
    const end = this.#lastPlaces[this.#shardOf(topic)];
    const resumed = async (place: LogPlace): Promise<void> => {
      await derive(topic.resuming?.anchor, place);
      const problem = topic.concludeReplay();
      if (problem !== undefined) fail(problem, place);
    };
    for (const item of items) {
      if (item.kind === "final") {
        topic.markCleanStop();
        continue;
      }
      if (item.kind === "anchor") {
        const { anchor, place } = item;
        const isBehind =
          topic.isAhead(anchor) && (topic.resuming?.derives !== true || anchor.dest > topic.resuming.head);
        // What lies behind what the checkpoint knows of comes when its tail is there.
        if (topic.isResuming && isBehind) await resumed(place);
        await derive(anchor, place);
        continue;
      }
      const { place } = item;
      const { fields, payload } = reader.frame(place);
      if (fields.op > (topic.resuming?.op ?? Infinity)) await resumed(place);
      await derive(topic.anchorAhead(fields), place);
      const outcome = topic.replay(fields, payload, place);
      if (!outcome.ok) fail(outcome.reason, place);
    }
    if (topic.isResuming) await resumed(end);
  }

  /** What the class lets a crash take is given up instead, up to the ceiling. */
  #derivesOn(topic: Topic, powerLost: readonly boolean[]): boolean {
    // What such a topic may refuse it may have refused.
    const mayRefuse = topic.config.discard === "reject";
    if (topic.linkEnd.link === undefined || mayRefuse || this.#isLost(topic, powerLost)) return false;
    return !this.#isInCycle(topic);
  }

  /** Copies are lost with their source's frames, too. */
  #isLost(topic: Topic, powerLost: readonly boolean[]): boolean {
    const { durability } = topic.config;
    if (durability !== "disk") return durability !== "fsync";
    const source = topic.linkEnd.link?.source.id;
    const ids = source === undefined ? [topic.id] : [topic.id, source];
    return ids.some((id) => powerLost[shardNumber(id, powerLost.length)]);
  }

  #isInCycle(topic: Topic): boolean {
    const seen = new Set<Topic>();
    for (let at: Topic | undefined = topic; at !== undefined && !seen.has(at);) {
      seen.add(at);
      const { link }: LinkEnd = at.linkEnd;
      at = link && this.#topics.get(link.source.id);
      if (at === topic) return true;
    }
    return false;
  }

  #noteSource(topic: Topic): void {
    const { link } = topic.way;
    if (link !== undefined) this.#wantSource(link.source.id, link.cursor + 1);
  }

  #wantSource(sourceId: number, from: number): void {
    this.#sources.set(sourceId, Math.min(from, this.#sources.get(sourceId) ?? Infinity));
  }

  #stopClean(topic: Topic): void {
    if (this.#deferred.has(topic.id)) this.#deferred.add(topic.id, { kind: "final" });
    else topic.markCleanStop();
  }

  #anchors(payload: Uint8Array, place: LogPlace): string | undefined {
    const anchors = decodeAnchors(payload);
    if (anchors === undefined) return "the payload of an anchor frame is malformed";
    for (const { topicId, epoch, anchor } of anchors) {
      const topic = this.#topics.get(topicId);
      if (topic?.epoch !== epoch) continue;
      if (!this.#deferred.has(topicId) && !topic.isAhead(anchor)) continue;
      this.#putOff(topic, { kind: "anchor", anchor, place });
    }
    return undefined;
  }

  #putOff(topic: Topic, item: DeferredItem): void {
    if (!this.#deferred.has(topic.id)) this.#noteSource(topic);
    this.#deferred.begin(topic.id);
    this.#deferred.add(topic.id, item);
  }

  #replay(fields: Frame["fields"], payload: Uint8Array, place: FramePlace): string | undefined {
    const topic = this.#topics.get(fields.topicId);
    if (!topic) return `a frame of topic id ${fields.topicId}, which is not there`;
    if (topic.epoch !== fields.epoch) return "a frame of another instance of its topic";
    if (fields.kind === frameKind.routerConfig) {
      const decoded = decodeEntry(fields.kind, payload);
      if (decoded.ok && decoded.entry.kind === "routerConfig" && "put" in decoded.entry.change)
        this.#wantSource(decoded.entry.change.source.id, decoded.entry.change.put.from + 1);
    }
    if (this.#deferred.has(topic.id) || topic.anchorAhead(fields) !== undefined) {
      if (fields.kind !== frameKind.topicDelete) {
        this.#putOff(topic, { kind: "frame", place });
        return undefined;
      }
      // Nobody will ask what was in it.
      this.#deferred.drop(topic.id);
      topic.forget();
      this.#topics.delete(topic.id);
      this.#gone.set(topic.id, fields.op);
      return undefined;
    }
    const outcome = topic.replay(fields, payload, place);
    if (!outcome.ok) return outcome.reason;
    if (topic.isGone) {
      this.#topics.delete(topic.id);
      this.#gone.set(topic.id, fields.op);
    }
    return undefined;
  }

  *#onShard(shard: number): Generator<Topic> {
    for (const topic of this.#topics.values()) if (shardNumber(topic.id, this.#deps.length) === shard) yield topic;
  }
}
