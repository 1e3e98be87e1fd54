/** A salvaged topic as the new directory's checkpoint has it (spec 6.4, 6.6): filled, and with holes for what is given up. */
import { assert } from "../../base/assert.ts";
import type { Hole } from "../../topic/holes.ts";
import type { DeletedRange } from "../../segment/delete-format.ts";
import { decodeSection, encodeSection, type SectionPart, type TopicSection } from "../../topic/section.ts";
import { findPieces, merge, type Sources } from "./fill.ts";
import { type Range, joined, within, without } from "./ranges.ts";
import type { TopicReport } from "./repair-report.ts";
import type { TopicSalvage } from "./topic-salvage.ts";
import type { Workshop } from "./workshop.ts";
import type { Env } from "../../env/env.ts";

export interface FinishedTopic {
  readonly id: number;
  /** Made once the parts that were written can be named. */
  section(): string;
  readonly parts: readonly SectionPart[];
  /** Of parts that were there before the log was replayed. */
  readonly deletes: readonly { readonly file: number; readonly ranges: readonly DeletedRange[] }[];
  readonly report: TopicReport | undefined;
  readonly records: number;
}

/** Its tail is sealed. */
export async function finishTopic(
  env: Env,
  workshop: Workshop,
  salvage: TopicSalvage,
  sources: Sources,
): Promise<FinishedTopic> {
  const { topic } = salvage;
  const { clock, pool, reads, sink } = workshop;
  const captured = topic.capture(clock.nowMs());
  assert(captured.section !== undefined, "only topics that are there are finished");
  const section = decodeSection(captured.section);
  assert(section !== undefined && section.tail.count === 0, "all of a topic is sealed");
  const deletes = captured.parts.flatMap((part) =>
    part.hasUnsaved ? [{ file: part.entry.file, ranges: part.takeUnsaved(clock.nextStamp(), captured.op) }] : [],
  );
  const { capFloor, ttlFloor } = section.state;
  const missing = within(salvage.missing, Math.max(1, capFloor, ttlFloor), section.state.head);
  const pieces = missing.length === 0 ? [] : findPieces({ env, pool, reads, sink }, missing, sources);
  const identity = { topicId: topic.id, epoch: topic.epoch };
  const parts =
    pieces.length === 0
      ? section.parts
      : await merge({ env, pool, reads, sink }, identity, section.parts, captured.parts, pieces);
  const found = joined(pieces);
  const givenUp = without(missing, found);
  const finished = finishedSection(section, parts, found, givenUp);
  return {
    id: topic.id,
    section: () => encodeSection(finished),
    parts,
    deletes,
    report: reportOf(salvage, givenUp, found),
    records: parts.reduce((sum, { liveCount }) => sum + liveCount, 0),
  };
}

function finishedSection(
  section: TopicSection,
  parts: readonly SectionPart[],
  found: readonly Range[],
  givenUp: readonly Range[],
): TopicSection {
  const first = parts.at(0)?.entry;
  const isNew = first !== undefined && first !== section.parts.at(0)?.entry;
  const front =
    first === undefined
      ? { seq: 0, ts: 0 }
      : isNew && (section.front.seq === 0 || first.firstSeq < section.front.seq)
        ? { seq: first.firstSeq, ts: first.firstTs }
        : section.front;
  const last = parts.at(-1)?.entry;
  const { state } = section;
  return {
    ...section,
    parts,
    front,
    sealedThrough: Math.max(section.sealedThrough, last?.lastSeq ?? 0),
    state: {
      ...state,
      lastWriteTs: Math.max(state.lastWriteTs, last?.lastTs ?? 0),
      holes: holesOf(state.holes, found, givenUp, Math.max(state.capFloor, state.ttlFloor)),
    },
  };
}

/** Holes that stood in for what was found again end; ranges that are given up have one. */
function holesOf(
  holes: readonly Hole[],
  found: readonly Range[],
  givenUp: readonly Range[],
  floor: number,
): readonly Hole[] {
  const ranges = holes.map(({ from, to }) => ({ first: from, last: to }));
  const kept = holes.flatMap(({ from, to, cause }) =>
    without([{ first: from, last: to }], found).map(({ first, last }) => ({ from: first, to: last, cause })),
  );
  const added = without(givenUp, ranges).map(({ first, last }): Hole => ({ from: first, to: last, cause: "corrupt" }));
  const all = [...kept, ...added].sort((a, b) => a.from - b.from).filter(({ to }) => to >= floor);
  const result: Hole[] = [];
  for (const hole of all) {
    const before = result.at(-1);
    if (before?.cause === hole.cause && before.to === hole.from - 1)
      result[result.length - 1] = { ...before, to: hole.to };
    else result.push(hole);
  }
  return result;
}

function reportOf(
  { topic, lost, notes }: TopicSalvage,
  givenUp: readonly Range[],
  foundElsewhere: readonly Range[],
): TopicReport | undefined {
  if (lost.length === 0 && givenUp.length === 0 && foundElsewhere.length === 0 && notes.size === 0) return undefined;
  const operations = lost.map(({ first, last, what }) => ({ first, last: Number.isFinite(last) ? last : null, what }));
  return { topic: topic.name, id: topic.id, operations, givenUp, foundElsewhere, notes: [...notes] };
}
