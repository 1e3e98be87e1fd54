/** A salvaged topic as the new directory's checkpoint has it (spec 6.4, 6.6): filled, and with holes for what is given up. */
import { assert } from "../../base/assert.ts";
import type { Hole } from "../../topic/holes.ts";
import type { DeletedRange } from "../../segment/delete-format.ts";
import { encodeEntry } from "../../topic/entries.ts";
import { SealedPart } from "../../topic/sealed-part.ts";
import { decodeSection, type SectionPart, type TopicSection } from "../../topic/section.ts";
import { Topic } from "../../topic/topic.ts";
import { frameKind } from "../../wal/commit.ts";
import { findPieces, merge, type Sources } from "./fill.ts";
import { type Range, joined, within, without } from "./ranges.ts";
import type { TopicReport } from "./repair-report.ts";
import type { TopicSalvage } from "./topic-salvage.ts";
import type { Workshop } from "./workshop.ts";
import type { Env } from "../../env/env.ts";

export interface FinishedTopic {
  readonly id: number;
  readonly section: TopicSection;
  /** Deletes of records in parts that were there when the log was replayed. */
  readonly deletes: readonly { readonly file: number; readonly ranges: readonly DeletedRange[] }[];
  readonly report: TopicReport | undefined;
}

export interface FilledTopic extends FinishedTopic {
  /** Those of its parts that know which of their records are dead. */
  readonly sealed: readonly SealedPart[];
  readonly isFilled: boolean;
}

/** Its tail is sealed. What is written can be read when the sink has ended. */
export async function fillTopic(
  env: Env,
  { clock, pool, reads, sink }: Workshop,
  salvage: TopicSalvage,
  sources: Sources,
): Promise<FilledTopic> {
  const { topic } = salvage;
  const { section, sealed, op } = captured(topic, clock.nowMs());
  const deletes = sealed.flatMap((part) => {
    const deaths = part.takeUnsaved();
    const { file, ordinal } = part.entry;
    return deaths === undefined ? [] : [{ file, ranges: deaths.ranges(ordinal, clock.nextStamp(), op) }];
  });
  const { capFloor, ttlFloor } = section.state;
  const missing = within(salvage.missing, Math.max(1, capFloor, ttlFloor), section.state.head);
  const pieces = missing.length === 0 ? [] : findPieces({ env, pool, reads, sink }, missing, sources);
  const isFilled = pieces.length > 0;
  const identity = { topicId: topic.id, epoch: topic.epoch };
  const parts = isFilled
    ? await merge({ env, pool, reads, sink }, identity, section.parts, sealed, pieces)
    : section.parts;
  const found = joined(pieces);
  const givenUp = without(missing, found);
  return {
    id: topic.id,
    section: finishedSection(section, parts, found, givenUp),
    deletes,
    report: reportOf(salvage, givenUp, found),
    sealed,
    isFilled,
  };
}

/**
 * What was found again counts for caps and ages like everything else: the engine takes what they take, as it would with the
 * next frame of the topic.
 */
export function settleTopic({ clock, reads, segments, topicDeps }: Workshop, filled: FilledTopic): FinishedTopic {
  const { id, section, deletes, report, sealed } = filled;
  if (!filled.isFilled) return { id, section, deletes, report };
  const parts = section.parts.map(({ entry, liveCount, liveBytes }) => {
    const known = sealed.find((part) => part.entry.file === entry.file && part.entry.ordinal === entry.ordinal);
    if (known !== undefined) return known;
    segments.use(entry);
    return new SealedPart(entry, reads, liveCount, liveBytes);
  });
  const topic = Topic.fromSection(section, parts, topicDeps);
  assert(topic.restoreJobs(section), "jobs that were captured can be restored");
  topic.concludeReplay();
  const fields = { topicId: id, epoch: section.epoch, op: section.op + 1, stamp: clock.nextStamp() };
  const settled = topic.replay(
    { ...fields, kind: frameKind.ceiling, firstSeq: 0, count: 0, ceiling: section.ceiling },
    encodeEntry({ kind: "ceiling", lower: false }),
    { index: 0, position: 0 },
  );
  assert(settled.ok, "a filled topic takes a frame");
  topic.afterRecovery(clock.nowMs());
  return { id, section: captured(topic, clock.nowMs()).section, deletes, report };
}

function captured(
  topic: Topic,
  nowMs: number,
): { readonly section: TopicSection; readonly sealed: readonly SealedPart[]; readonly op: number } {
  const { section: text, parts, op } = topic.capture(nowMs);
  assert(text !== undefined, "only topics that are there are finished");
  const section = decodeSection(text);
  assert(section !== undefined && section.tail.count === 0, "all of a topic is sealed");
  return { section, sealed: parts, op };
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
