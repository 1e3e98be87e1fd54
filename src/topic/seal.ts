/**
 * Sealing a topic's tail, and making several of its parts into one (spec 6.3). Both write a new part beside what is there,
 * while commits go on, and then switch in one go: nothing that anybody sees changes, and nothing on disk refers to the new
 * part before a checkpoint does.
 */
import { SegmentDamage } from "../segment/files.ts";
import type { SegmentWriter } from "../segment/writer.ts";
import type { Chunk } from "./chunk.ts";
import type { Instance } from "./instance.ts";
import { blockOrigin, type BuiltPart, PartBuilder } from "./part-builder.ts";
import type { RunsLimit } from "./record-runs.ts";
import type { SealedPart } from "./sealed-part.ts";

/** As far as a tail is to be sealed. */
export interface ClosedTail {
  /** Where a chunk ends. */
  readonly lastSeq: number;
  /** Of the tail: one that has been cleared since has other records under these seqs, or none. */
  readonly generation: number;
}

/** A part that is written and not in use yet. */
export interface PendingPart {
  readonly built: BuiltPart | undefined;
  /** What it takes the place of: chunks up to a seq, or parts. */
  readonly instead: ClosedTail | { readonly parts: readonly SealedPart[] };
}

export type Installed =
  | { readonly outcome: "installed"; readonly part: SealedPart | undefined }
  /** Something is staged that was decided for the parts as they are: wait for it, and try again. */
  | { readonly outcome: "later"; readonly decided: Promise<void> }
  /** The topic, or what the part was made of, is gone. */
  | { readonly outcome: "obsolete" };

/** What of the tail can be sealed now: about as much as the limit says, and at least a chunk; `undefined`: nothing can. */
export function closeTail(topic: Instance, limit: RunsLimit): ClosedTail | undefined {
  const { tail } = topic.contents.retained;
  // What a checkpoint expects of a tail that is found again is counted when all of it is there.
  if (topic.mode !== "live" || topic.rebaseFrom !== undefined || topic.resume !== undefined) return undefined;
  let lastSeq = 0;
  let records = 0;
  let bytes = 0;
  for (const chunk of tail.chunks) {
    if (chunk.place === undefined || records >= limit.records || bytes >= limit.bytes) break;
    lastSeq = chunk.endSeq - 1;
    records += chunk.liveCount;
    bytes += chunk.used;
  }
  if (lastSeq === 0) return undefined;
  if (lastSeq === tail.chunks.at(-1)!.endSeq - 1) tail.close();
  return { lastSeq, generation: tail.generation };
}

/** Writes what was closed, which is synced by now. */
export async function writeTail(topic: Instance, instead: ClosedTail, writer: SegmentWriter): Promise<PendingPart> {
  const { id, epoch } = topic.identity;
  const { tail } = topic.contents.retained;
  const { lastSeq, generation } = instead;
  if (generation !== tail.generation) return { built: undefined, instead };
  const builder = new PartBuilder(writer, id, epoch, topic.deps.blockBytes);
  const front = topic.contents.retained.count === 0 ? lastSeq + 1 : topic.contents.retained.frontSeq;
  const chunks = tail.chunks.slice(0, tail.locate(lastSeq + 1));
  for (const chunk of chunks) chunk.block.pin();
  try {
    await builder.addTail(chunks, front);
    return { built: await builder.end(), instead };
  } finally {
    builder.abandon();
    for (const chunk of chunks) chunk.block.unpin();
  }
}

/** Writes what is live in neighbouring parts; `undefined` when the topic, or all of them, are gone by now. */
export async function writeParts(
  topic: Instance,
  wanted: readonly SealedPart[],
  writer: SegmentWriter,
): Promise<PendingPart | undefined> {
  const { sealed } = topic.contents.retained;
  const parts = wanted.filter((part) => sealed.parts.includes(part));
  if (topic.mode !== "live" || parts.length === 0) return undefined;
  const { id, epoch } = topic.identity;
  const builder = new PartBuilder(writer, id, epoch, topic.deps.blockBytes);
  try {
    for (const part of parts) {
      try {
        await addPart(topic, part, builder);
      } catch (error) {
        // What has left the topic meanwhile holds nothing that lives.
        if (!(error instanceof SegmentDamage) || sealed.parts.includes(part)) throw error;
      }
    }
    return { built: await builder.end(), instead: { parts } };
  } finally {
    builder.abandon();
  }
}

async function addPart(topic: Instance, part: SealedPart, builder: PartBuilder): Promise<void> {
  const { parts: reads } = topic.deps;
  const index = await reads.loadIndex(part.entry);
  for (let block = index.blockOf(frontOf(topic)); block < index.blocks; block++) {
    if (part.deathsOf(block)?.count === index.records(block)) continue;
    const chunk: Chunk = await reads.loadChunk(part.entry, block);
    try {
      part.mark(chunk, block);
      await builder.add(chunk, chunk.slot(frontOf(topic)), blockOrigin(part, block));
    } finally {
      chunk.block.unpin();
    }
  }
}

/** The switch. */
export function install(topic: Instance, pending: PendingPart): Installed {
  const { contents, queue, heldMs } = topic;
  if (topic.mode !== "live" || topic.rebaseFrom !== undefined) return { outcome: "obsolete" };
  if (heldMs.length > 0) return { outcome: "later", decided: queue.decided() ?? Promise.resolve() };
  const { retained } = contents;
  const { instead, built } = pending;
  if ("lastSeq" in instead) {
    const isAnother = retained.tail.generation !== instead.generation;
    if (isAnother || retained.sealedThrough >= instead.lastSeq) return { outcome: "obsolete" };
    const live = retained.tail.liveThrough(instead.lastSeq);
    const part = live.count === 0 ? undefined : built?.install(topic.deps.parts, live);
    contents.rearrange(() => retained.install(part, instead.lastSeq));
    return { outcome: "installed", part };
  }
  const parts = instead.parts.filter((part) => retained.sealed.parts.includes(part));
  if (parts.length === 0) return { outcome: "obsolete" };
  const live = { count: 0, bytes: 0 };
  for (const { liveCount, liveBytes } of parts) {
    live.count += liveCount;
    live.bytes += liveBytes;
  }
  const part = built?.install(topic.deps.parts, live);
  contents.rearrange(() => retained.sealed.replace(parts, part));
  return { outcome: "installed", part };
}

function frontOf({ contents }: Instance): number {
  return contents.retained.count === 0 ? contents.headSeq + 1 : contents.retained.frontSeq;
}
