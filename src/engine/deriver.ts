/**
 * Copies as a function of what is logged (spec 3.3): between two places of a destination's way that are known, records of the
 * source are copied as they were in life, and so get the same seqs, times and bytes. They are read from the source's frames,
 * a stretch at a time, whatever has become of the source since.
 */
import type { Env } from "../env/env.ts";
import type { BlockPool } from "../topic/block-pool.ts";
import { Copies } from "../topic/copies.ts";
import type { HoleCause } from "../topic/holes.ts";
import type { LinkState } from "../topic/link.ts";
import { readRecords } from "../topic/records-reader.ts";
import { Tail } from "../topic/tail.ts";
import type { Topic } from "../topic/topic.ts";
import type { FrameAnchor, LogPlace } from "../wal/commit.ts";
import type { ReplayedShard } from "../wal/replay.ts";
import type { FrameReader } from "../wal/reread.ts";
import { rereadShard } from "../wal/reread.ts";
import { shardNumber } from "../wal/wal.ts";
import { SourceFrames } from "./source-frames.ts";

export interface DeriverDeps {
  readonly blocks: BlockPool;
  /** By topic, the frames of sources; read one at a time. */
  readonly frames: ReadonlyMap<number, SourceFrames>;
  readonly reader: FrameReader;
  topic(id: number): Topic | undefined;
  /** Why frames of a source may be missing, where no hole of its own says so; `undefined`: they may not. */
  lossOf(sourceId: number): HoleCause | undefined;
}

/** Of the source, at once. */
const stretchBytes = 256 << 10;
const copiesAtOnce = { records: 4096, bytes: 256 << 10 };

/** A pause after each stretch, for whoever has memory to make room in. */
export type Deriving<T> = Generator<void, T, void>;

type Advanced = "there" | "gap" | "full";

export class Deriver {
  readonly #deps: DeriverDeps;
  readonly #frames: ReadonlyMap<number, SourceFrames>;
  readonly #records: Tail;

  constructor(deps: DeriverDeps) {
    this.#deps = deps;
    this.#frames = deps.frames;
    this.#records = new Tail(deps.blocks);
  }

  /** Derives up to an anchor; says why that cannot be. `place`: the destination's frames behind it lie at or behind there. */
  *to(topic: Topic, anchor: FrameAnchor, place: LogPlace): Deriving<string | undefined> {
    for (;;) {
      const advanced = yield* this.#advance(topic, anchor.source, anchor.dest, place);
      const { link, head } = topic.way;
      if (advanced === "full") return `there are more copies than up to seq ${anchor.dest}`;
      if (advanced === "there")
        return head === anchor.dest ? undefined : `copies end at seq ${head}, and not at ${anchor.dest}`;
      const problem = this.#passGap(topic, link!, anchor);
      if (problem !== undefined) return problem;
    }
  }

  /** Nothing is missing up to the anchor, and its copies end there. */
  fits(topic: Topic, anchor: FrameAnchor): boolean {
    const { link, head } = topic.way;
    if (link === undefined) return false;
    const from = this.#frames.get(link.source.id)?.unbrokenFrom(link.cursor, anchor.source);
    return from === link.cursor + 1 && head + this.#count(link, from, anchor.source) === anchor.dest;
  }

  /** Derives whatever may have been derived, as far as seqs may have been given out. */
  *on(topic: Topic, place: LogPlace): Deriving<void> {
    const { ceiling, link } = topic.way;
    const frames = link && this.#frames.get(link.source.id);
    if (frames === undefined || frames.length === 0) return;
    yield* this.#advance(topic, frames.lastSeq(frames.length - 1), ceiling, place);
  }

  /** As far as nothing is missing, up to `through` of the source and up to `most` here. */
  *#advance(topic: Topic, through: number, most: number, place: LogPlace): Deriving<Advanced> {
    for (;;) {
      const { link } = topic.way;
      if (link === undefined || link.cursor >= through) return "there";
      const sourcePlace = this.#load(link.source.id, link.cursor + 1, through);
      if (sourcePlace === undefined) return "gap";
      const isFull = !this.#copy(topic, through, most, place, sourcePlace);
      this.#records.clear();
      if (isFull) return "full";
      yield;
    }
  }

  /** `false`: there is no room for the next one. */
  #copy(topic: Topic, through: number, most: number, place: LogPlace, sourcePlace: LogPlace): boolean {
    for (const chunk of this.#records.chunks) {
      for (;;) {
        const { link, head } = topic.way;
        const first = chunk.slot(link!.cursor + 1);
        const end = chunk.slot(through + 1);
        if (first >= end) break;
        const copies = new Copies(link!, false, copiesAtOnce);
        // Each record is copied as a whole, or not yet.
        const one = head + copiesAtOnce.records + link!.routers.length > most;
        copies.take(chunk, first, one ? first + 1 : end);
        if (head + copies.count > most) return false;
        topic.derive(copies, place, sourcePlace);
      }
    }
    return true;
  }

  /** Records of the source from `from` on, a stretch of them; says where their frames begin. */
  #load(sourceId: number, from: number, through: number): LogPlace | undefined {
    const frames = this.#frames.get(sourceId);
    const first = frames?.find(from) ?? -1;
    if (frames === undefined || first < 0) return undefined;
    let bytes = 0;
    for (let at = first; at < frames.length && bytes < stretchBytes; at++) {
      const firstSeq = frames.firstSeq(at);
      if (firstSeq > through || (at > first && firstSeq !== frames.lastSeq(at - 1) + 1)) break;
      const { payload } = this.#deps.reader.frame(frames.place(at));
      const outcome = readRecords(payload);
      if (!outcome.ok) throw new Error(`a frame that was replayed cannot be read: ${outcome.reason}`);
      this.#records.append(firstSeq, outcome.entry, frames.place(at));
      bytes += payload.length;
    }
    return frames.place(first);
  }

  /** Forward from before the loss and backward from the anchor: what is left in the middle is lost here, too. */
  #passGap(topic: Topic, link: LinkState, anchor: FrameAnchor): string | undefined {
    const { head } = topic.way;
    const sourceId = link.source.id;
    const lost = link.cursor + 1;
    const from = this.#frames.get(sourceId)?.unbrokenFrom(link.cursor, anchor.source) ?? anchor.source + 1;
    const dest = anchor.dest - this.#count(link, from, anchor.source);
    if (dest < head) return `there are more copies behind a loss than up to seq ${anchor.dest}`;
    const cause = dest === head ? "crash" : this.#causeOf(sourceId, lost, from - 1);
    if (cause === undefined) return `source records ${lost} to ${from - 1}, which were copied, are not in the log`;
    topic.passLost(dest, from - 1, cause);
    return undefined;
  }

  #count(link: LinkState, from: number, through: number): number {
    let count = 0;
    for (let cursor = from - 1; cursor < through;) {
      if (this.#load(link.source.id, cursor + 1, through) === undefined) break;
      for (const chunk of this.#records.chunks) {
        const end = chunk.slot(through + 1);
        for (let slot = chunk.slot(cursor + 1); slot < end;) {
          const copies = new Copies({ ...link, cursor }, false, copiesAtOnce);
          slot = copies.take(chunk, slot, end);
          count += copies.count;
          cursor = copies.through;
        }
      }
      this.#records.clear();
    }
    return count;
  }

  #causeOf(sourceId: number, first: number, last: number): HoleCause | undefined {
    const known = [...(this.#frames.get(sourceId)?.holes ?? []), ...(this.#deps.topic(sourceId)?.holes ?? [])];
    const hole = known.find(({ from, to }) => from <= last && to >= first);
    return hole?.cause ?? this.#deps.lossOf(sourceId);
  }
}

/** The frames of topics in a log that was replayed; `sources`: from which seq on somebody may ask for them. */
export async function findFrames(
  env: Env,
  shards: readonly ReplayedShard[],
  sources: ReadonlyMap<number, number>,
): Promise<Map<number, SourceFrames>> {
  const frames = new Map([...sources].map(([id, from]) => [id, new SourceFrames(from)] as const));
  const wanted = new Set([...sources.keys()].map((id) => shardNumber(id, shards.length)));
  for (const end of shards)
    if (wanted.has(end.shard))
      await rereadShard(env, end, shards.length, (frame) => frames.get(frame.fields.topicId)?.take(frame));
  return frames;
}
