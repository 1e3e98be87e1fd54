/** Topics from the frames of the log (spec 6.5): what each frame may be, given those before it. */
import { assert } from "../base/assert.ts";
import type { TopicDeps } from "../topic/instance.ts";
import { Topic } from "../topic/topic.ts";
import { frameKind } from "../wal/commit.ts";
import type { Frame } from "../wal/frame.ts";
import type { Finding } from "../wal/wal.ts";
import { shardNumber } from "../wal/wal.ts";
import type { Catalog } from "./catalog.ts";
import type { EngineClock } from "./engine-clock.ts";
import type { EngineEvents } from "./events.ts";

export type ShardTopicDeps = readonly TopicDeps[];

export class Replayer {
  readonly #deps: ShardTopicDeps;
  /** What is there by now. By id: a name may live on on another shard, which is read earlier or later. */
  readonly #topics = new Map<number, Topic>();
  /** Of deleted topics too: an id never comes back. */
  readonly #names = new Map<number, string>();
  #greatestId = 0;

  constructor(deps: ShardTopicDeps) {
    this.#deps = deps;
  }

  get greatestId(): number {
    return this.#greatestId;
  }

  topicName(topicId: number): string | undefined {
    return this.#names.get(topicId);
  }

  visit(shard: number, { fields, payload }: Frame): string | undefined {
    switch (fields.kind) {
      case frameKind.mark:
        return undefined;
      case frameKind.final:
        for (const topic of this.#onShard(shard)) topic.markCleanStop();
        return undefined;
      case frameKind.topicCreate:
        return this.#create(shard, fields, payload);
      default:
        return this.#replay(fields, payload);
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
      const outcome = topic.replay(finding.fields, finding.payload);
      assert(outcome.ok, "what recovery finds fits its topic");
      found[shardNumber(topic.id, powerLost.length)].push(finding);
    };
    for (const topic of this.#topics.values()) {
      const earlier = catalog.named(topic.name);
      const [kept, ended] = earlier && earlier.epoch > topic.epoch ? [earlier, topic] : [topic, earlier];
      if (ended) add(ended, ended.deleteFrame(clock.nextStamp()));
      if (kept === earlier) continue;
      if (earlier) catalog.remove(earlier);
      catalog.add(topic);
    }
    for (const topic of catalog.all()) {
      const hole = topic.recoveryHole(powerLost[shardNumber(topic.id, powerLost.length)]);
      if (hole === undefined) continue;
      add(topic, topic.holeFrame(hole, clock.nextStamp()));
      events({ type: "hole-found", topic: topic.name, from: hole.from, to: hole.to, cause: hole.cause });
    }
    return found;
  }

  #create(shard: number, fields: Frame["fields"], payload: Uint8Array): string | undefined {
    if (this.#names.has(fields.topicId)) return `topic id ${fields.topicId} is created twice`;
    if (shardNumber(fields.topicId, this.#deps.length) !== shard) return "a topic of another shard";
    const outcome = Topic.fromCreate(fields, payload, this.#deps[shard]);
    if (!outcome.ok) return outcome.reason;
    const { topic } = outcome;
    this.#topics.set(topic.id, topic);
    this.#names.set(topic.id, topic.name);
    this.#greatestId = Math.max(this.#greatestId, topic.id);
    return undefined;
  }

  #replay(fields: Frame["fields"], payload: Uint8Array): string | undefined {
    const topic = this.#topics.get(fields.topicId);
    if (!topic) return `a frame of topic id ${fields.topicId}, which is not there`;
    if (topic.epoch !== fields.epoch) return "a frame of another instance of its topic";
    const outcome = topic.replay(fields, payload);
    if (!outcome.ok) return outcome.reason;
    if (topic.isGone) this.#topics.delete(topic.id);
    return undefined;
  }

  *#onShard(shard: number): Generator<Topic> {
    for (const topic of this.#topics.values()) if (shardNumber(topic.id, this.#deps.length) === shard) yield topic;
  }
}
