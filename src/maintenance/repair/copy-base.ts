/**
 * The sealed records of a checkpoint's topics, copied into the new directory block by block (spec 6.6): whatever is still as it
 * was written, without what is deleted. What is not there any more is missing, range by range.
 */
import type { Env } from "../../env/env.ts";
import type { BlockPool } from "../../topic/block-pool.ts";
import type { Chunk } from "../../topic/chunk.ts";
import type { SectionPart, TopicSection } from "../../topic/section.ts";
import { type FoundDeaths, lies } from "./deaths.ts";
import type { FoundBlock, FoundBlocks } from "./found-blocks.ts";
import type { PartSink } from "./part-sink.ts";
import { blockPiece, deadBy, type IsDead, type KnownDelete, type Piece } from "./pieces.ts";
import { type Range, within } from "./ranges.ts";

export interface CopyDeps {
  readonly env: Env;
  readonly pool: BlockPool;
  readonly blocks: FoundBlocks;
  readonly deaths: FoundDeaths;
  readonly sink: PartSink;
  /** Deletes that the log still has, of topics whose delete files are damaged. */
  deletesOf(topicId: number): readonly KnownDelete[];
}

export interface CopiedTopic {
  /** With the new parts. */
  readonly section: TopicSection;
  readonly missing: readonly Range[];
  readonly notes: readonly string[];
}

export async function copyTopic(deps: CopyDeps, section: TopicSection): Promise<CopiedTopic> {
  const parts: SectionPart[] = [];
  const missing: Range[] = [];
  let revived = 0;
  for (const part of section.parts) {
    const { entry } = part;
    const { blocks, lost } = deps.blocks.part(entry);
    missing.push(...within(lost, section.front.seq, entry.lastSeq));
    const copied = await deps.sink.part(section.id, section.epoch, piecesOf(deps, section, part, blocks));
    if (copied !== undefined) parts.push({ entry: copied, liveCount: copied.records, liveBytes: copied.bytes });
    revived += Math.max(0, (copied?.records ?? 0) - part.liveCount);
  }
  const first = parts.at(0)?.entry;
  const front = first === undefined ? { seq: 0, ts: 0 } : { seq: first.firstSeq, ts: first.firstTs };
  const notes = revived === 0 ? [] : [`${revived} records are there again that had been deleted`];
  return { section: { ...section, parts, front }, missing, notes };
}

function piecesOf(
  deps: CopyDeps,
  section: TopicSection,
  { entry }: SectionPart,
  blocks: readonly FoundBlock[],
): Piece[] {
  const { env, pool, deaths } = deps;
  const byBlock = deaths.of(entry, section.op);
  const isIncomplete = deaths.incomplete.has(entry.file) || blocks.some(({ block }) => block === undefined);
  const deletes = isIncomplete ? deps.deletesOf(section.id).filter(({ op }) => op <= section.op) : [];
  const redone = deadBy(deletes);
  return blocks
    .filter(({ lastSeq }) => lastSeq >= section.front.seq)
    .map((found) => {
      const ranges = found.block === undefined ? [] : (byBlock.get(found.block) ?? []);
      const isDead: IsDead = (chunk: Chunk, slot) => lies(ranges, slot) || redone(chunk, slot);
      const wanted = { first: Math.max(found.firstSeq, section.front.seq), last: found.lastSeq };
      return blockPiece(env, pool, found, wanted, isDead);
    });
}
