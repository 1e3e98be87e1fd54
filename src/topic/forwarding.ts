/**
 * A topic as the source of links (spec 3.2): every record behind a link's cursor, whatever has become of it here since, as
 * long as its bytes are there. Records that leave the tail before every link has them are kept aside; so are sealed parts in
 * which nothing is live any more. Both within a bound of bytes: the oldest go first, and are missed.
 */
import { SegmentDamage } from "../segment/files.ts";
import type { PartEntry } from "../segment/part-entry.ts";
import type { LogPlace } from "../wal/commit.ts";
import type { Chunk } from "./chunk.ts";
import type { HoleCause } from "./holes.ts";
import type { Instance } from "./instance.ts";
import { unreadable } from "./long-poll.ts";
import { RecordRuns } from "./record-runs.ts";
import { sealedChunk } from "./sealed-block.ts";
import { SealedBlocks } from "./sealed-blocks.ts";
import type { SealedPart } from "./sealed-part.ts";

/** What comes next behind a cursor. */
export type Forwardable =
  | { readonly kind: "end" }
  /** Seqs up to `through` are in a hole, or their records were gone before they could be forwarded. */
  | { readonly kind: "gap"; readonly through: number; readonly cause: HoleCause }
  /** Slots of a chunk with contiguous seqs, the first of which is the next. Good until something waits. */
  | {
      readonly kind: "run";
      readonly chunk: Chunk;
      readonly first: number;
      readonly end: number;
      /** Where the log has them, so that copies can be derived from it again; `undefined`: copies need frames of their own. */
      readonly logged: LogPlace | undefined;
    }
  /** A sealed block has to be read first. */
  | { readonly kind: "missing" };

interface Found {
  readonly seq: number;
  readonly chunk: Chunk;
  /** Deleted slots count, too: their bytes are there. */
  readonly deadToo: boolean;
}

type Kept =
  | { readonly firstSeq: number; readonly lastSeq: number; readonly bytes: number; readonly chunk: Chunk }
  | { readonly firstSeq: number; readonly lastSeq: number; readonly bytes: number; readonly part: SealedPart };

const noLimit = { records: Infinity, bytes: Infinity };

export class Forwarding {
  readonly #topic: Instance;
  /** Everything up to here has been forwarded by all links. */
  readonly #floor: () => number;
  readonly #maxBytes: number;
  /** Ascending by first seq. */
  #kept: Kept[] = [];
  #keptBytes = 0;

  constructor(topic: Instance, floor: () => number, maxBytes: number) {
    this.#topic = topic;
    this.#floor = floor;
    this.#maxBytes = maxBytes;
    topic.contents.retained.tail.leaving = (first, last) => this.#leaving(first, last);
    topic.partLeaving = (part) => this.#partLeaving(part);
  }

  /** No link has the topic for its source any more. */
  end(): void {
    this.#topic.contents.retained.tail.leaving = undefined;
    this.#topic.partLeaving = undefined;
    this.#drop(Infinity, 0);
  }

  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** Lets go of what every link has by now. */
  trim(): void {
    if (this.#kept.length > 0) this.#drop(this.#floor(), this.#maxBytes);
  }

  next(after: number, blocks: SealedBlocks): Forwardable {
    const { contents } = this.#topic;
    const { headSeq, holes } = contents;
    if (after >= headSeq) return { kind: "end" };
    const found = this.#find(after + 1, blocks);
    if (found === "missing") return { kind: "missing" };
    const seq = found === undefined ? headSeq + 1 : found.seq;
    if (seq > after + 1) {
      const hole = holes.at(after + 1);
      if (hole !== undefined && hole.from <= after + 1)
        return { kind: "gap", through: Math.min(hole.to, seq - 1, headSeq), cause: hole.cause };
      return { kind: "gap", through: Math.min((hole?.from ?? Infinity) - 1, seq - 1), cause: "source_trim" };
    }
    const { chunk, deadToo } = found!;
    const first = chunk.slot(seq);
    let end = deadToo ? chunk.count : chunk.nextDeleted(first, chunk.count);
    if (chunk.seqDeltas !== undefined) {
      const last = end;
      for (end = first + 1; end < last && chunk.seq(end) === seq + end - first;) end++;
    }
    const isFramed = seq > contents.unframedSeq;
    const through = isFramed ? headSeq : Math.min(headSeq, contents.unframedSeq);
    // What is sealed, or kept aside, may not be in the part of the log that is kept.
    const logged = isFramed && !deadToo ? chunk.place : undefined;
    return { kind: "run", chunk, first, end: Math.min(end, first + through - seq + 1), logged };
  }

  /** For one reader of it; what is missing is held until it is released. */
  reader(): SealedBlocks {
    return new SealedBlocks(this.#topic.deps.parts, false);
  }

  /** Reads what was missing; rejects when it can't be read. */
  async fetch(blocks: SealedBlocks): Promise<void> {
    try {
      await blocks.fetch({ parts: [...this.#parts(0), ...this.#topic.contents.retained.sealed.parts] });
    } catch (error) {
      const { damaged } = blocks;
      const isLost = error instanceof SegmentDamage && !error.isPassing;
      if (!isLost || damaged === undefined || !(await this.#topic.deps.rescue(this.#topic.identity.id, damaged)))
        throw unreadable(this.#topic, error);
    }
  }

  /** The first record from `seq` on that is there. */
  #find(seq: number, blocks: SealedBlocks): Found | "missing" | undefined {
    const { tail, sealed } = this.#topic.contents.retained;
    let best: Found | undefined;
    for (const kept of this.#kept) {
      if (kept.lastSeq < seq) continue;
      if (best !== undefined && kept.firstSeq >= best.seq) break;
      if (!("chunk" in kept)) {
        const found = inPart(kept.part, seq, blocks);
        if (found === "missing") return found;
        best = earlier(best, found);
        continue;
      }
      best = earlier(best, { seq: kept.chunk.seq(kept.chunk.slot(seq)), chunk: kept.chunk, deadToo: true });
    }
    for (let at = sealed.locate(seq); at < sealed.parts.length; at++) {
      const part = sealed.parts[at];
      if (best !== undefined && Math.max(part.entry.firstSeq, seq) >= best.seq) break;
      const found = inPart(part, seq, blocks);
      if (found === "missing") return found;
      best = earlier(best, found);
      if (found !== undefined) break;
    }
    if (best?.seq === seq || tail.count === 0) return best;
    const live = tail.nextLive(seq - 1);
    if (live === 0) return best;
    return earlier(best, { seq: live, chunk: tail.chunks[tail.locate(live)], deadToo: false });
  }

  *#parts(from: number): Generator<SealedPart> {
    for (const kept of this.#kept) if ("part" in kept && kept.lastSeq >= from) yield kept.part;
  }

  #leaving(first: number, last: number): void {
    const { tail } = this.#topic.contents.retained;
    const from = Math.max(first, this.#floor() + 1);
    if (from > last || tail.count === 0) return;
    for (let at = tail.locate(from); at < tail.chunks.length; at++) {
      const chunk = tail.chunks[at];
      if (chunk.firstSeq > last) break;
      const until = chunk.slot(last + 1);
      for (let slot = chunk.nextLive(chunk.slot(from)); slot < until; slot = chunk.nextLive(slot)) {
        const runs = new RecordRuns(noLimit);
        slot = runs.take(chunk, slot, undefined, until);
        this.#keep(this.#copied(runs));
      }
    }
  }

  #copied(runs: RecordRuns): Kept {
    const plan = runs.plan();
    const { payloadBytes } = plan.layout;
    const block = this.#topic.deps.blocks.take(payloadBytes);
    plan.write(block.bytes.subarray(0, payloadBytes));
    const outcome = sealedChunk(block, payloadBytes, runs.firstSeq, runs.count);
    if (!outcome.ok) throw new Error(outcome.reason);
    const { firstSeq, lastSeq } = runs;
    return { firstSeq, lastSeq, bytes: block.bytes.length, chunk: outcome.chunk };
  }

  /** `true`: the part stays in use, and is released when it is let go. */
  #partLeaving(part: SealedPart): boolean {
    const { firstSeq, lastSeq }: PartEntry = part.entry;
    if (lastSeq <= this.#floor()) return false;
    this.#keep({ firstSeq, lastSeq, bytes: part.entry.bytes, part });
    return true;
  }

  #keep(kept: Kept): void {
    const at = this.#kept.findLastIndex(({ firstSeq }) => firstSeq <= kept.firstSeq) + 1;
    this.#kept.splice(at, 0, kept);
    this.#keptBytes += kept.bytes;
    if (this.#keptBytes > this.#maxBytes) this.#drop(this.#floor(), this.#maxBytes);
  }

  /** What lies wholly up to `floor`, and the oldest of the rest until what is left is within `maxBytes`. */
  #drop(floor: number, maxBytes: number): void {
    const left: Kept[] = [];
    for (const kept of this.#kept) {
      if (kept.lastSeq > floor && this.#keptBytes <= maxBytes) {
        left.push(kept);
        continue;
      }
      this.#keptBytes -= kept.bytes;
      if ("chunk" in kept) kept.chunk.block.unpin();
      else this.#topic.deps.events.released(kept.part);
    }
    this.#kept = left;
  }
}

function earlier(a: Found | undefined, b: Found | undefined): Found | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.seq < a.seq ? b : a;
}

function inPart(part: SealedPart, seq: number, blocks: SealedBlocks): Found | "missing" | undefined {
  const index = blocks.index(part);
  if (index === undefined) return "missing";
  const block = index.blockOf(Math.max(seq, part.entry.firstSeq));
  if (block >= index.blocks) return undefined;
  const chunk = blocks.chunk(part, block, block + 1);
  if (chunk === undefined) return "missing";
  return { seq: chunk.seq(chunk.slot(seq)), chunk, deadToo: true };
}
