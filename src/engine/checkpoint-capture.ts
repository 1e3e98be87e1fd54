/**
 * The state of everything for a checkpoint, put together while it changes (spec 6.4): topics a few at a time, each at its own
 * operation number, and by shard the place of the oldest frame whose effect is in none of them.
 */
import type { Section } from "../checkpoint/format.ts";
import type { Env } from "../env/env.ts";
import type { Topic } from "../topic/topic.ts";
import type { UnsavedDeaths } from "../topic/unsaved-deaths.ts";
import { comparePlaces, type LogPlace } from "../wal/commit.ts";
import { shardNumber } from "../wal/wal.ts";
import { decodeSection } from "../topic/section.ts";
import { type GoneTopic, readTopics, segmentsSection, topicsSection, wholeSection } from "./checkpoint-codec.ts";
import type { OpenedState } from "./kept-checkpoints.ts";
import type { NamedSegment, Segments } from "./segments.ts";

export interface CaptureDeps {
  readonly env: Env;
  readonly wal: { readonly shards: readonly { place(): LogPlace }[]; readonly synced: readonly LogPlace[] };
  readonly segments: Segments;
  topics(): Iterable<Topic>;
  topic(id: number): Topic | undefined;
  /** Topics whose frames may still be met. */
  gone(): readonly GoneTopic[];
  nextTopicId(): number;
  nextStamp(): number;
  nowMs(): number;
}

/** Topics are captured so many at a time. */
const topicsPerSlice = 32;
/** Deleted ranges are put into bytes so many at a time. */
const rangesPerSlice = 1024;
const sectionBytes = 256 << 10;

/** Shards that take nothing any more, and the checkpoint before, which their topics stay as they are in. */
export interface StuckShards {
  readonly shards: ReadonlySet<number>;
  readonly previous: OpenedState | undefined;
}

/** Of one part of a captured topic. */
interface TakenDeaths {
  readonly file: number;
  readonly part: number;
  readonly deaths: UnsavedDeaths;
  readonly stamp: number;
  readonly op: number;
}

export class Capture {
  readonly stuck: ReadonlySet<number>;
  /** Segment files that captured sections speak of. */
  readonly files = new Set<number>();
  readonly from: LogPlace[];
  /** Topics with copies that were derived from a shard that takes nothing any more. */
  readonly unsyncedSources = new Set<number>();
  topics = 0;
  readonly #deps: CaptureDeps;
  readonly #previous: OpenedState | undefined;
  readonly #bundles: { readonly shard: number; readonly topics: string[]; bytes: number }[] = [];
  readonly #open: ({ readonly shard: number; readonly topics: string[]; bytes: number } | undefined)[] = [];
  readonly #deaths: TakenDeaths[] = [];
  #gone: readonly GoneTopic[] = [];

  constructor(deps: CaptureDeps, { shards, previous }: StuckShards) {
    this.#deps = deps;
    this.stuck = shards;
    this.#previous = previous;
    this.from = deps.wal.shards.map((shard, number) =>
      shards.has(number) ? (previous?.kept.from[number] ?? { index: 0, position: 0 }) : shard.place(),
    );
  }

  /** Segment files of which only the checkpoint before speaks. */
  get stuckSegments(): readonly NamedSegment[] {
    const previous = this.stuck.size === 0 ? [] : (this.#previous?.kept.segments ?? []);
    return previous.filter(({ file }) => !this.files.has(file));
  }

  async run(): Promise<void> {
    const { env, wal } = this.#deps;
    await this.#takeStuck();
    const soon = (): Promise<void> => new Promise((resolve) => env.timers.soon(resolve));
    let slice = 0;
    for (const topic of this.#deps.topics()) {
      const shard = shardNumber(topic.id, wal.shards.length);
      if (!this.stuck.has(shard)) this.#take(topic, shard);
      if (++slice % topicsPerSlice === 0) await soon();
    }
    for (const { file, part, deaths, stamp, op } of this.#deaths.splice(0)) {
      const ranges = deaths.ranges(part, stamp, op);
      for (let at = 0; at < ranges.length; at += rangesPerSlice) {
        this.#deps.segments.stageDeletes(file, ranges.slice(at, at + rangesPerSlice));
        await soon();
      }
    }
    this.#gone = this.#deps.gone();
  }

  *sections(named: readonly NamedSegment[]): Generator<Section> {
    const { segments, wal } = this.#deps;
    yield wholeSection({
      from: this.from,
      synced: wal.synced,
      nextTopicId: this.#deps.nextTopicId(),
      nextSegment: segments.next,
      gone: this.#gone,
      topics: this.topics,
      derives: true,
    });
    yield segmentsSection(named);
    for (const { shard, topics } of this.#bundles) yield topicsSection(shard, topics);
  }

  async #takeStuck(): Promise<void> {
    if (this.stuck.size === 0 || this.#previous === undefined) return;
    for await (const { shard, payload } of this.#previous.topics()) {
      if (!this.stuck.has(shard)) continue;
      for (const section of readTopics(payload)) {
        this.topics++;
        this.#bundle(shard, section);
        this.#keepSource(section);
      }
    }
  }

  /** What the checkpoint before needed of other shards for a topic that stays as it was. */
  #keepSource(text: string): void {
    const section = decodeSection(text);
    if (section === undefined) throw new Error("a section that was written can be read");
    for (const link of [section.link, section.derived?.link]) {
      if (link === undefined) continue;
      const place = this.#previous!.kept.from[this.#shardOf(link.source.id)];
      this.#keep(link.source.id, place);
    }
  }

  #shardOf(topicId: number): number {
    return shardNumber(topicId, this.#deps.wal.shards.length);
  }

  #keep(topicId: number, place: LogPlace): void {
    const shard = this.#shardOf(topicId);
    if (comparePlaces(place, this.from[shard]) < 0) this.from[shard] = place;
  }

  #take(topic: Topic, shard: number): void {
    const captured = topic.capture(this.#deps.nowMs());
    const { section, from, op, parts } = captured;
    if (from !== undefined && comparePlaces(from, this.from[shard]) < 0) this.from[shard] = from;
    if (section === undefined) return;
    // What of the source is forwarded while others are captured has to be met, too, when its copies are derived again.
    for (const { sourceId, place } of captured.needs) this.#need(topic, sourceId, place);
    const { sourceId } = captured;
    const ahead = sourceId === undefined ? undefined : this.#deps.topic(sourceId)?.tail.place;
    if (sourceId !== undefined && ahead !== undefined) this.#keep(sourceId, ahead);
    const stamp = this.#deps.nextStamp();
    for (const part of parts) {
      this.files.add(part.entry.file);
      const deaths = part.takeUnsaved();
      // Taken at once with the section; told of in a `.del` file when others have had their turn.
      if (deaths !== undefined)
        this.#deaths.push({ file: part.entry.file, part: part.entry.ordinal, deaths, stamp, op });
    }
    this.topics++;
    this.#bundle(shard, section);
  }

  /** A shard that takes nothing any more may not even be synced as far as that. */
  #need(topic: Topic, sourceId: number, place: LogPlace): void {
    this.#keep(sourceId, place);
    if (this.stuck.has(this.#shardOf(sourceId))) this.unsyncedSources.add(topic.id);
  }

  #bundle(shard: number, section: string): void {
    let bundle = this.#open[shard];
    if (bundle === undefined || bundle.bytes > sectionBytes) {
      bundle = { shard, topics: [], bytes: 0 };
      this.#open[shard] = bundle;
      this.#bundles.push(bundle);
    }
    bundle.topics.push(section);
    bundle.bytes += section.length;
  }
}
