/** Topics from the frames of the log (spec 6.5): what each frame may be, given those before it. */
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
  readonly #catalog: Catalog;
  readonly #deps: ShardTopicDeps;
  /** Of deleted topics too: an id never comes back. */
  readonly #names = new Map<number, string>();
  #greatestId = 0;

  constructor(catalog: Catalog, deps: ShardTopicDeps) {
    this.#catalog = catalog;
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

  /** What the classes call for after this start (6.1): holes, applied here and to be logged ahead of everything else. */
  findings(powerLost: readonly boolean[], clock: EngineClock, events: EngineEvents): Finding[][] {
    const found: Finding[][] = powerLost.map(() => []);
    for (const topic of this.#catalog.all()) {
      const shard = shardNumber(topic.id, powerLost.length);
      const hole = topic.recoveryHole(powerLost[shard]);
      if (hole === undefined) continue;
      const finding = topic.holeFrame(hole, clock.nextStamp());
      const outcome = topic.replay(finding.fields, finding.payload);
      if (!outcome.ok) throw new Error(`a hole does not fit its topic: ${outcome.reason}`);
      found[shard].push(finding);
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
    if (this.#catalog.named(topic.name)) return `topic ${topic.name} is created while it is there`;
    this.#catalog.add(topic);
    this.#names.set(topic.id, topic.name);
    this.#greatestId = Math.max(this.#greatestId, topic.id);
    return undefined;
  }

  #replay(fields: Frame["fields"], payload: Uint8Array): string | undefined {
    const topic = this.#catalog.numbered(fields.topicId);
    if (!topic) return `a frame of topic id ${fields.topicId}, which is not there`;
    if (topic.epoch !== fields.epoch) return "a frame of another instance of its topic";
    const outcome = topic.replay(fields, payload);
    if (!outcome.ok) return outcome.reason;
    if (topic.isGone) this.#catalog.remove(topic);
    return undefined;
  }

  *#onShard(shard: number): Generator<Topic> {
    for (const topic of this.#catalog.all()) if (shardNumber(topic.id, this.#deps.length) === shard) yield topic;
  }
}
