/**
 * One topic while its frames are replayed over what is lost of them (spec 6.6): by the engine's own replay, which believes
 * only what follows. What does not follow is made to: operations are numbered anew, and where seqs are missing a hole
 * `corrupt` stands in for them. What was lost, and what it may have been, is written down.
 */
import { assert } from "../../base/assert.ts";
import type { TopicConfig } from "../../topic/config.ts";
import { decodeEntry, encodeEntry, type Entry, type RebaseStep, type SmallEntry } from "../../topic/entries.ts";
import type { TopicSection } from "../../topic/section.ts";
import type { Topic } from "../../topic/topic.ts";
import { type FrameAnchor, type FrameFields, frameKind, type LogPlace } from "../../wal/commit.ts";
import type { DerivedCopies } from "./derived-copies.ts";
import { joined, type Range, seqsIn, without } from "./ranges.ts";

export interface LostOperations {
  readonly first: number;
  readonly last: number;
  /** What they may have been. */
  readonly what: string;
}

/** A frame as it was found. */
export interface SalvagedFrame {
  readonly fields: FrameFields;
  readonly payload: Uint8Array;
  readonly place: LogPlace;
}

/** Frames that give a checkpoint's tail back. */
interface Resuming {
  readonly section: TopicSection;
  readonly seen: Range[];
  readonly lostOps: Range[];
  /** In the log's numbers, and as the replay is told. */
  lastOp: number;
  toldOp: number;
}

export interface SalvageOrigin {
  /** Of the checkpoint that it comes from. */
  readonly section?: TopicSection;
  readonly missing?: readonly Range[];
  readonly ceiling: number;
  /** The last operation that it has, in the log's numbers. */
  readonly lastOp: number;
}

export class TopicSalvage {
  readonly topic: Topic;
  readonly lost: LostOperations[] = [];
  readonly notes = new Set<string>();
  /** Operations may have been lost behind which no seq has been seen: the head may have been higher. */
  isHeadDoubtful = false;
  /** Highest ceiling that anything tells of, or as it was lowered. */
  ceiling: number;
  readonly #copies: () => DerivedCopies;
  /** Of the last frame in the log's own numbers. */
  #lastOp: number;
  #resuming: Resuming | undefined;
  /** Seqs that are missing, though their topic goes on behind them: of what a checkpoint has, and of the log. */
  readonly #missing: Range[];
  /** What of a rebase has been read. */
  #rebase: { readonly state: Extract<RebaseStep, { step: "begin" }>["state"]; last: number } | undefined;

  constructor(topic: Topic, origin: SalvageOrigin, copies: () => DerivedCopies) {
    this.topic = topic;
    this.#copies = copies;
    this.ceiling = origin.ceiling;
    this.#missing = [...(origin.missing ?? [])];
    this.#lastOp = origin.lastOp;
    if (origin.section !== undefined)
      this.#resuming = { section: origin.section, seen: [], lostOps: [], lastOp: 0, toldOp: 0 };
  }

  get head(): number {
    return this.topic.headSeq;
  }

  /** Ascending. */
  get missing(): readonly Range[] {
    return joined(this.#missing);
  }

  take(frame: SalvagedFrame): void {
    const { fields, payload, place } = frame;
    if (this.topic.isGone) return;
    const resuming = this.#resuming;
    if (resuming !== undefined && fields.op <= resuming.section.op) return this.#resume(resuming, frame);
    this.concludeResume();
    // Carried over, and still where it was.
    if (fields.op <= this.#lastOp) return;
    const outcome = decodeEntry(fields.kind, payload);
    if (!outcome.ok) return this.lose(fields, outcome.reason);
    const gap = fields.op > this.#lastOp + 1;
    const before = this.head;
    this.#derive(fields.anchor, !gap, place);
    if (gap) this.#gap(fields);
    this.#makeFollow(frame, outcome.entry);
    if (gap) this.#lostBetween(fields, before);
    this.#feed(fields, payload, place);
    if (outcome.entry.kind === "ceiling" && outcome.entry.lower) this.ceiling = fields.ceiling;
    else this.ceiling = Math.max(this.ceiling, fields.ceiling);
    this.#lastOp = fields.op;
  }

  /** Copies that come before the next frame, as far as they can be found. */
  #derive(anchor: FrameAnchor | undefined, sure: boolean, place: LogPlace): void {
    if (anchor === undefined || !this.topic.isAhead(anchor)) return;
    const { head } = this.topic.way;
    const holes = new Set(this.topic.holes);
    this.#copies().reach(this.topic, anchor, sure, place);
    for (const hole of this.topic.holes) if (!holes.has(hole)) this.#missing.push({ first: hole.from, last: hole.to });
    if (this.topic.way.head > head) this.#resuming?.seen.push({ first: head + 1, last: this.topic.way.head });
  }

  /** A frame whose header is whole and whose payload is not. */
  lose(fields: FrameFields, why: string): void {
    const { op, firstSeq, count, kind, ceiling, stamp } = fields;
    if (this.topic.isGone || (this.#resuming !== undefined && op <= this.#resuming.section.op)) return;
    this.concludeResume();
    if (op <= this.#lastOp) return;
    const before = this.head;
    if (op > this.#lastOp + 1) {
      this.#gap(fields);
      if (count > 0) this.#missingUpTo(firstSeq - 1, stamp);
      this.#lostBetween(fields, before);
    }
    this.ceiling = Math.max(this.ceiling, ceiling);
    if (count > 0) this.#missingUpTo(firstSeq + count - 1, stamp);
    if (kind === frameKind.lease) this.notes.add("acks or leases were lost: jobs that were done may be there again");
    if (kind === frameKind.recordsDelete) this.notes.add("a delete was lost: what it took may be there again");
    const seqs = count > 0 ? `, ${count} records, seqs ${firstSeq} to ${firstSeq + count - 1}` : "";
    this.lost.push({ first: op, last: op, what: `${kindName(kind)}${seqs}: ${why}` });
    this.#lastOp = op;
  }

  /** The tail that the checkpoint speaks of has been read, as far as it was found. */
  concludeResume(): void {
    const resuming = this.#resuming;
    if (resuming === undefined) return;
    const known = Math.max(resuming.lastOp, resuming.section.derived?.op ?? 0);
    this.#derive(this.topic.resuming?.anchor, known === resuming.section.op, noPlace);
    this.#resuming = undefined;
    this.topic.concludeReplay();
    const { tail, state, op } = resuming.section;
    const { count, bytes } = this.topic.tail;
    if (count === tail.count && bytes === tail.bytes) return;
    const expected = without([{ first: tail.from, last: state.head }], joined(resuming.seen));
    const missing = without(
      expected,
      state.holes.map(({ from, to }) => ({ first: from, last: to })),
    );
    this.#missing.push(...missing);
    if (resuming.lastOp < op) resuming.lostOps.push({ first: resuming.lastOp + 1, last: op });
    const what = `${Math.max(0, tail.count - count)} records of the tail, or deletes, among what the checkpoint knows of`;
    this.lost.push(...resuming.lostOps.map((ops) => ({ ...ops, what })));
    const surplus = count + seqsIn(missing) - tail.count;
    if (surplus > 0) this.notes.add(`up to ${surplus} records of the tail may be there that had been deleted`);
  }

  /** No seq above the head was ever assigned by then, if nothing was lost before. */
  cleanStop(): void {
    this.concludeResume();
    if (this.topic.isGone || this.isHeadDoubtful) return;
    this.topic.markCleanStop();
    if (this.topic.config.durability !== "ephemeral") this.ceiling = this.head;
  }

  /** Gives up everything behind the head, up to `last`. */
  giveUp(last: number, stamp: number): void {
    this.#missingUpTo(last, stamp);
    this.isHeadDoubtful = false;
  }

  /** What its class calls for where the log was not stopped in order, and the page cache may have lost what it held. */
  crashHole(powerLost: boolean, stamp: number): void {
    const { durability, discard } = this.topic.config;
    const isKept = durability === "fsync" || (durability === "disk" && !powerLost);
    if (isKept && discard !== "reject") this.#copies().on(this.topic, noPlace);
    const hole = this.topic.recoveryHole(powerLost);
    if (hole !== undefined) this.#feedEntry({ kind: "hole", hole }, stamp, hole.to);
  }

  loseUnknown(what: string): void {
    this.lost.push({ first: this.#lastOp + 1, last: Infinity, what });
  }

  #resume(resuming: Resuming, { fields, payload, place }: SalvagedFrame): void {
    const { firstSeq, op } = fields;
    if (op <= resuming.lastOp) return;
    const outcome = decodeEntry(fields.kind, payload);
    if (!outcome.ok) return;
    const { entry } = outcome;
    if (entry.kind === "records") {
      const { records } = entry;
      resuming.seen.push({ first: firstSeq, last: firstSeq + records.seqDelta(records.count - 1) });
    }
    const isFirst = resuming.lastOp === 0;
    const sure = op <= Math.max(resuming.lastOp, resuming.section.derived?.op ?? 0) + 1;
    if (!isFirst && op > resuming.lastOp + 1) resuming.lostOps.push({ first: resuming.lastOp + 1, last: op - 1 });
    // The replay wants them without a gap, up to the checkpoint's; what is missing is told by what it leads to.
    resuming.toldOp = isFirst ? op : resuming.toldOp + 1;
    resuming.lastOp = op;
    this.#derive(this.topic.anchorAhead(fields), sure, place);
    this.topic.replay({ ...fields, op: resuming.toldOp }, payload, place);
  }

  /** What has to be there before the entry can be. */
  #makeFollow({ fields }: SalvagedFrame, entry: Entry): void {
    const { stamp, firstSeq } = fields;
    const isEphemeral = this.topic.config.durability === "ephemeral";
    if (!this.topic.linkTakes(entry)) {
      this.topic.loseLink();
      this.notes.add("a change of its routers was lost: routers into it have to be made again");
    }
    switch (entry.kind) {
      case "records":
        if (entry.records.retained)
          return this.#makeRebaseFollow(fields, entry.records.seqDelta(entry.records.count - 1));
        this.#endRebase(stamp);
        if (isEphemeral) this.#guessConfig(stamp, "disk", "records were logged");
        return this.#missingUpTo(firstSeq - 1, stamp);
      case "rebase":
        if (!isEphemeral) this.#guessConfig(stamp, "ephemeral", "it became durable again");
        if (entry.step.step === "begin") this.#rebase = { state: entry.step.state, last: entry.step.state.head };
        else if (this.#rebase === undefined) this.#beginRebase(stamp, this.head);
        if (entry.step.step === "end") this.#rebase = undefined;
        return;
      case "recordsDelete":
        this.#endRebase(stamp);
        if (!isEphemeral) this.#missingUpTo(entry.what.bound, stamp);
        return;
      case "hole":
        this.#endRebase(stamp);
        return this.#missingUpTo(entry.hole.from - 1, stamp);
      default:
        return this.#endRebase(stamp);
    }
  }

  #makeRebaseFollow({ stamp, firstSeq }: FrameFields, length: number): void {
    if (this.topic.config.durability !== "ephemeral") this.#guessConfig(stamp, "ephemeral", "it became durable again");
    if (this.#rebase === undefined) this.#beginRebase(stamp, firstSeq - 1);
    this.#rebase!.last = firstSeq + length;
  }

  /** Its beginning was lost: it begins with what is known. */
  #beginRebase(stamp: number, head: number): void {
    const { evictFloor, lastWriteTs = 0 } = this.topic.summary();
    const floor = Math.min(evictFloor, head + 1);
    const state = { head, lastWriteTs, capFloor: floor, ttlFloor: floor, silent: [], holes: [] };
    this.#feedEntry({ kind: "rebase", step: { step: "begin", state } }, stamp);
    this.#rebase = { state, last: head };
  }

  /** A rebase that goes on no further: what was read of it counts if its end was lost, and not if it never came. */
  #endRebase(stamp: number): void {
    const rebase = this.#rebase;
    this.#rebase = undefined;
    if (rebase === undefined || !this.#inGap) return;
    const state = { ...rebase.state, head: Math.max(rebase.last, rebase.state.head) };
    this.#feedEntry({ kind: "rebase", step: { step: "end", state } }, stamp);
  }

  #inGap = false;

  #gap(fields: FrameFields): void {
    this.#inGap = true;
    this.isHeadDoubtful = true;
    const rebase = this.#rebase;
    // Retained records that were lost lie between those that were found.
    if (rebase !== undefined && fields.kind === frameKind.records && fields.firstSeq > rebase.last + 1)
      this.#missing.push({ first: rebase.last + 1, last: fields.firstSeq - 1 });
  }

  #lostBetween(fields: FrameFields, headBefore: number): void {
    this.#inGap = false;
    const head = this.head;
    const seqs = head > headBefore ? `records, seqs ${headBefore + 1} to ${head}, or` : "";
    this.lost.push({
      first: this.#lastOp + 1,
      last: fields.op - 1,
      what: `${seqs} deletes, configuration, ceilings`.trim(),
    });
    this.notes.add("deletes may have been lost: what they took may be there again");
  }

  #guessConfig(stamp: number, durability: TopicConfig["durability"], why: string): void {
    this.notes.add(`its configuration was lost: taken for ${durability}, because ${why}`);
    this.#feedEntry({ kind: "topicConfig", config: { ...this.topic.config, durability } }, stamp);
  }

  #missingUpTo(last: number, stamp: number): void {
    const first = this.head + 1;
    if (last < first) return;
    this.#missing.push({ first, last });
    this.#feedEntry({ kind: "hole", hole: { from: first, to: last, cause: "corrupt" } }, stamp, last);
  }

  #feedEntry(entry: SmallEntry, stamp: number, ceiling = 0): void {
    const { id: topicId, epoch } = this.topic;
    const kind = frameKind[entry.kind];
    const fields = { kind, topicId, epoch, op: 0, stamp, firstSeq: 0, count: 0, ceiling };
    const fed = this.topic.replay({ ...fields, op: this.topic.op + 1 }, encodeEntry(entry), noPlace);
    assert(fed.ok, `what a repair adds fits its topic: ${fed.ok ? "" : fed.reason}`);
  }

  #feed(fields: FrameFields, payload: Uint8Array, place: LogPlace): void {
    const fed = this.topic.replay({ ...fields, op: this.topic.op + 1 }, payload, place);
    if (fed.ok) {
      if (fields.count > 0 || fields.kind === frameKind.hole) this.isHeadDoubtful = false;
    } else this.lost.push({ first: fields.op, last: fields.op, what: `${kindName(fields.kind)}: ${fed.reason}` });
  }
}

/** Nothing goes on from it: the new directory has no log before its checkpoint. */
const noPlace: LogPlace = { index: 0, position: 0 };

const kindNames: Readonly<Record<number, string>> = {
  [frameKind.topicCreate]: "its creation",
  [frameKind.topicConfig]: "a configuration",
  [frameKind.topicDelete]: "its deletion",
  [frameKind.records]: "records",
  [frameKind.recordsDelete]: "a delete",
  [frameKind.ceiling]: "a ceiling",
  [frameKind.hole]: "a hole",
  [frameKind.routerConfig]: "a router",
  [frameKind.rebase]: "a step of becoming durable",
  [frameKind.lease]: "acks or leases",
  [frameKind.intent]: "a move into another topic",
};

function kindName(kind: number): string {
  return kindNames[kind] ?? `an entry of kind ${kind}`;
}
