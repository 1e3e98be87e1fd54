/**
 * Where a delete of everything below a seq ends among sealed parts (spec 1.7, 6.6). Parts below it are taken by what their
 * entries say, blocks by what their index says, and one block has to be looked into. That one is at hand before the delete
 * is staged: what cannot be read fails the call, and nothing is left to fail when it is published.
 */
import type { PartIndex } from "../segment/index.ts";
import { type FrontSpan, noSpan } from "./front.ts";
import type { PartReads } from "./part-reads.ts";
import type { Sealed, SealedSpan } from "./sealed.ts";
import type { SealedPart } from "./sealed-part.ts";

type LetGo = () => void;

/** The part of which some is to be cut off and some is not; `undefined` without one. */
export function partCutAt(sealed: Sealed, front: number, through: number): SealedPart | undefined {
  if (sealed.count === 0 || through < front || through >= sealed.lastSeq) return undefined;
  const part = sealed.parts[sealed.locate(through + 1)];
  return part.entry.firstSeq <= through ? part : undefined;
}

/** What measuring the cut looks into, kept at hand until it is let go of. Rejects with `SegmentDamage`. */
export function holdCut({ entry }: SealedPart, through: number, reads: PartReads): Promise<LetGo> {
  return reads.hold(entry, (index) => blockCutAt(index, through));
}

/** The same on the calling thread. Throws `SegmentDamage`. */
export function holdCutNow({ entry }: SealedPart, through: number, reads: PartReads): LetGo {
  return reads.holdNow(entry, (index) => blockCutAt(index, through));
}

/** What is live up to `through`, from `front` on. */
export function measureCut(sealed: Sealed, front: number, through: number): SealedSpan {
  let span: FrontSpan = noSpan;
  if (through < front) return { ...span, wantsMore: false };
  for (const part of sealed.parts) {
    const { firstSeq, lastSeq } = part.entry;
    if (lastSeq > through) {
      if (firstSeq <= through) span = withMore(span, through, liveBelow(part, front, through));
      return { ...span, wantsMore: false };
    }
    span = withMore(span, lastSeq, { count: part.liveCount, bytes: part.liveBytes });
  }
  return { ...span, wantsMore: true };
}

interface Taken {
  readonly count: number;
  readonly bytes: number;
}

function withMore(span: FrontSpan, last: number, { count, bytes }: Taken): FrontSpan {
  if (count === 0) return span;
  return { count: span.count + count, bytes: span.bytes + bytes, last, countInLast: count, bytesInLast: bytes };
}

function blockCutAt(index: PartIndex, through: number): number | undefined {
  const block = index.blockOf(through + 1);
  return index.firstSeq(block) <= through ? block : undefined;
}

/** Of a part that reaches beyond `through`. */
function liveBelow(part: SealedPart, front: number, through: number): Taken {
  const { index } = part;
  const block = index.blockOf(through + 1);
  const before = liveBefore(part, index, block, front);
  return index.firstSeq(block) > through ? before : plus(before, liveInBlock(part, block, front, through));
}

/** What blocks in front of one have: what the part has without it and those behind it, so that no block is looked into. */
function liveBefore(part: SealedPart, index: PartIndex, block: number, front: number): Taken {
  if (index.firstSeq(block) <= front) return { count: 0, bytes: 0 };
  let { liveCount: count, liveBytes: bytes } = part;
  for (let behind = block; behind < index.blocks; behind++) {
    const deaths = part.deathsOf(behind);
    count -= index.records(behind) - (deaths?.count ?? 0);
    bytes -= index.bytes(behind) - (deaths?.bytes ?? 0);
  }
  return { count, bytes };
}

function liveInBlock(part: SealedPart, block: number, front: number, through: number): Taken {
  const chunk = part.chunk(block);
  let [count, bytes] = [0, 0];
  for (
    let i = chunk.nextLive(chunk.slot(front));
    i < chunk.count && chunk.seq(i) <= through;
    i = chunk.nextLive(i + 1)
  ) {
    count++;
    bytes += chunk.payloadBytes(i);
  }
  return { count, bytes };
}

function plus(a: Taken, b: Taken): Taken {
  return { count: a.count + b.count, bytes: a.bytes + b.bytes };
}
