/**
 * Makes less of what is mostly dead, and few of what is small (spec 6.3): a file under 25 % live is written again without
 * its dead records, and small neighbours of one topic become one part, so that neither one stuck job pins ten thousand done
 * ones nor a trickle of records leaves a trail of parts. What is replaced goes when no kept checkpoint names it.
 *
 * Parts are merged by size: so many neighbours of about one size become one of the next, and each record is written again
 * only so often as there are sizes.
 */
import { type Env, errnoOf } from "../env/env.ts";
import { SegmentDamage } from "../segment/files.ts";
import type { SegmentWriter } from "../segment/writer.ts";
import { isNoSpace } from "../storage/io.ts";
import type { Room } from "../storage/room.ts";
import type { PendingPart } from "../topic/seal.ts";
import type { SealedPart } from "../topic/sealed-part.ts";
import type { Topic } from "../topic/topic.ts";
import { shardNumber } from "../wal/wal.ts";
import type { EngineEvents } from "./events.ts";
import { install } from "./sealer.ts";
import type { Segments } from "./segments.ts";
import { segmentThresholds, type StorageConfig } from "./storage-config.ts";
import { turns } from "./turns.ts";

export interface RewriterDeps {
  readonly env: Env;
  readonly config: StorageConfig;
  readonly segments: Segments;
  readonly events: EngineEvents;
  readonly room: Room;
  readonly shards: number;
  topics(): Iterable<Topic>;
}

/** Neighbours of one topic that are to become one part. */
interface Run {
  readonly topic: Topic;
  readonly parts: readonly SealedPart[];
  readonly records: number;
  readonly bytes: number;
}

/** A file with less than one in so many records live is mostly dead. */
const deadFactor = 4;
/** So many neighbours of one size make one of the next. */
const mergedNeighbours = 8;
/** Parts are of one size within this factor. */
const sizeStep = 16;
/** Topics are looked at, and runs written, so many at a time. */
const topicsPerPiece = 1024;
const runsPerPiece = 32;

export class Rewriter {
  readonly #deps: RewriterDeps;
  #working: Promise<void> | undefined;
  #stopped = false;
  readonly #unreadable = new WeakSet<SealedPart>();

  constructor(deps: RewriterDeps) {
    this.#deps = deps;
  }

  /** Looks for what is worth it, and does it. `true` when something was replaced. */
  async run(): Promise<boolean> {
    if (this.#working !== undefined || this.#stopped || this.#deps.room.isShort) return false;
    const before = this.#deps.segments.next;
    this.#working = this.#work();
    try {
      await this.#working;
    } finally {
      this.#working = undefined;
    }
    return this.#deps.segments.next !== before;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#working;
  }

  async #work(): Promise<void> {
    try {
      const runs = await this.#find();
      for (let shard = 0; shard < this.#deps.shards; shard++)
        for (const batch of this.#batches(runs.filter(({ topic }) => this.#shardOf(topic) === shard)))
          if (!this.#stopped) await this.#rewrite(batch);
    } catch (error) {
      if (error instanceof SegmentDamage && !error.isPassing) {
        const { file, at, bytes, errno } = error;
        return this.#deps.events({ type: "segment-damaged", topicId: 0, file, at, bytes, errno });
      }
      const errno = error instanceof SegmentDamage ? error.errno : errnoOf(error);
      if (errno === undefined) throw error;
      if (isNoSpace(error)) this.#deps.room.noteShort();
      this.#deps.events({ type: "storage-failed", work: "rewrite", errno });
    }
  }

  #shardOf({ id }: Topic): number {
    return shardNumber(id, this.#deps.shards);
  }

  async #find(): Promise<Run[]> {
    const { env } = this.#deps;
    const live = new Map<number, number>();
    const turn = turns(env.timers, topicsPerPiece);
    for (const topic of this.#deps.topics()) {
      for (const { entry, liveCount } of topic.parts) live.set(entry.file, (live.get(entry.file) ?? 0) + liveCount);
      const others = turn();
      if (others !== undefined) await others;
    }
    const runs: Run[] = [];
    for (const topic of this.#deps.topics()) {
      if (topic.parts.length > 0) runs.push(...this.#runsOf(topic, live));
      const others = turn();
      if (others !== undefined) await others;
    }
    return runs;
  }

  #runsOf(topic: Topic, live: ReadonlyMap<number, number>): Run[] {
    const { segments } = this.#deps;
    const isDead = ({ entry, liveCount }: SealedPart): boolean =>
      liveCount * deadFactor < entry.records ||
      (live.get(entry.file) ?? 0) * deadFactor < segments.recordsOf(entry.file);
    const { parts } = topic;
    const runs: Run[] = [];
    for (let at = 0; at < parts.length;) {
      const dead = isDead(parts[at]);
      const size = sizeOf(parts[at]);
      let end = at + 1;
      while (end < parts.length && (dead ? isDead(parts[end]) : !isDead(parts[end]) && sizeOf(parts[end]) === size))
        end++;
      if (dead || end - at >= mergedNeighbours) runs.push(...this.#bounded(topic, parts.slice(at, end), dead));
      at = end;
    }
    return runs;
  }

  /** No part is made larger than one that is sealed at once may be. */
  #bounded(topic: Topic, parts: readonly SealedPart[], dead: boolean): Run[] {
    const { config } = this.#deps;
    const most = config.segmentMaxRecords * segmentThresholds;
    const runs: Run[] = [];
    let taken: SealedPart[] = [];
    let records = 0;
    let bytes = 0;
    const end = (): void => {
      if (taken.length > 1 || (dead && taken.length === 1)) runs.push({ topic, parts: taken, records, bytes });
      [taken, records, bytes] = [[], 0, 0];
    };
    for (const part of parts) {
      if (this.#unreadable.has(part)) {
        end();
        continue;
      }
      const span = part.entry.lastSeq - (taken[0] ?? part).entry.firstSeq;
      const full =
        records + part.liveCount > most || bytes + part.liveBytes > config.segmentMaxBytes || span > longestSpan;
      if (taken.length > 0 && full) end();
      taken.push(part);
      records += part.liveCount;
      bytes += part.liveBytes;
    }
    end();
    return runs;
  }

  /** Runs that share a file: as much as one segment may have. */
  *#batches(runs: readonly Run[]): Generator<readonly Run[]> {
    const { config } = this.#deps;
    let batch: Run[] = [];
    let records = 0;
    let bytes = 0;
    for (const run of runs) {
      batch.push(run);
      records += run.records;
      bytes += run.bytes;
      if (records < config.segmentMaxRecords * segmentThresholds && bytes < config.segmentMaxBytes) continue;
      yield batch;
      [batch, records, bytes] = [[], 0, 0];
    }
    if (batch.length > 0) yield batch;
  }

  async #rewrite(runs: readonly Run[]): Promise<void> {
    const { segments, events, env } = this.#deps;
    const turn = turns(env.timers, runsPerPiece);
    const file = segments.next;
    let replaced = 0;
    let made = 0;
    await segments.make(
      async (writer) => {
        const pending: { readonly topic: Topic; readonly part: PendingPart }[] = [];
        for (const { topic, parts } of runs) {
          const others = turn();
          if (others !== undefined) await others;
          const part = await this.#write(topic, parts, writer);
          if (part === undefined) continue;
          if (part.built !== undefined) made++;
          pending.push({ topic, part });
        }
        return { parts: pending.flatMap(({ part }) => part.built?.entry ?? []), result: pending };
      },
      async (pending) => {
        for (const { topic, part } of pending) {
          const others = turn();
          if (others !== undefined) await others;
          if (await install(segments, topic, part)) replaced += "parts" in part.instead ? part.instead.parts.length : 0;
        }
      },
    );
    if (replaced > 0) events({ type: "segment-rewritten", file, parts: replaced, into: made });
  }

  /** What cannot be read is left as it is from then on, so that the others have their turn. */
  async #write(topic: Topic, parts: readonly SealedPart[], writer: SegmentWriter): Promise<PendingPart | undefined> {
    try {
      return await topic.writeParts(parts, writer);
    } catch (error) {
      if (error instanceof SegmentDamage && !error.isPassing) for (const part of parts) this.#unreadable.add(part);
      throw error;
    }
  }
}

/** A part's seqs are kept as distances of 32 bits. */
const longestSpan = 2 ** 31;

function sizeOf({ liveCount }: SealedPart): number {
  let size = 0;
  for (let most = sizeStep; liveCount >= most; most *= sizeStep) size++;
  return size;
}
