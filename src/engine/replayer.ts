/** Topics from the frames of the log (spec 6.5): what each frame may be, given those before it. */
import { assert } from "../base/assert.ts";
import type { Hole } from "../topic/holes.ts";
import type { TopicDeps } from "../topic/instance.ts";
import { Topic } from "../topic/topic.ts";
import { frameKind, type LogPlace } from "../wal/commit.ts";
import type { Frame } from "../wal/frame.ts";
import type { Finding } from "../wal/wal.ts";
import { shardNumber } from "../wal/wal.ts";
import type { Catalog } from "./catalog.ts";
import type { GoneTopic } from "./checkpoint-codec.ts";
import type { EngineClock } from "./engine-clock.ts";
import type { EngineEvents } from "./events.ts";
import type { RecoveryOptions } from "./recovery-options.ts";

export type ShardTopicDeps = readonly TopicDeps[];

/** Findings are not in a file yet, and hold no records. */
const unplaced: LogPlace = { index: 0, position: 0 };

export class Replayer {
  readonly #deps: ShardTopicDeps;
  readonly #restoredTo: RecoveryOptions["restoredTo"];
  /** What is there by now. By id: a name may live on on another shard, which is read earlier or later. */
  readonly #topics = new Map<number, Topic>();
  /** Of deleted topics too: an id never comes back. */
  readonly #names = new Map<number, string>();
  /** Topics that are not there any more: the last operation of each, for the frames of theirs that may still be met. */
  readonly #gone = new Map<number, number>();
  #greatestId = 0;
  /** Of the checkpoint that the topics are from. */
  #knownStamp = 0;

  constructor(deps: ShardTopicDeps, restoredTo?: RecoveryOptions["restoredTo"]) {
    this.#deps = deps;
    this.#restoredTo = restoredTo;
  }

  /** What a checkpoint has. */
  restore(topic: Topic): void {
    this.#know(topic);
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

  visit(shard: number, { fields, payload, fileIndex, offset }: Frame): string | undefined {
    const place = { index: fileIndex, position: offset };
    const goneAt = this.#gone.get(fields.topicId);
    if (goneAt !== undefined && fields.op <= goneAt) return undefined;
    switch (fields.kind) {
      case frameKind.mark:
        return undefined;
      case frameKind.final:
        // An end before the checkpoint was followed by others: what its topics came to since is in their sections.
        if (fields.stamp > this.#knownStamp) for (const topic of this.#onShard(shard)) topic.markCleanStop();
        return undefined;
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
      const hole = this.#holeOf(topic, powerLost[shardNumber(topic.id, powerLost.length)]);
      if (hole === undefined) continue;
      add(topic, topic.holeFrame(hole, clock.nextStamp()));
      events({ type: "hole-found", topic: topic.name, from: hole.from, to: hole.to, cause: hole.cause });
    }
    return found;
  }

  #holeOf(topic: Topic, powerLost: boolean): Hole | undefined {
    const restoredTo = this.#restoredTo;
    if (restoredTo === undefined) return topic.recoveryHole(powerLost);
    return topic.restoredHole((knownSeq) => restoredTo(topic, knownSeq));
  }

  #create(shard: number, fields: Frame["fields"], payload: Uint8Array, place: LogPlace): string | undefined {
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

  #replay(fields: Frame["fields"], payload: Uint8Array, place: LogPlace): string | undefined {
    const topic = this.#topics.get(fields.topicId);
    if (!topic) return `a frame of topic id ${fields.topicId}, which is not there`;
    if (topic.epoch !== fields.epoch) return "a frame of another instance of its topic";
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
