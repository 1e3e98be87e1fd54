/**
 * What a restore makes of a moment (spec 6.7): the stamp at which every shard is cut, and the checkpoint to begin with. Goes
 * over the log at hand once, and learns on the way how far each topic has come later.
 */
import { readTopics } from "../../engine/checkpoint-codec.ts";
import type { OpenedState } from "../../engine/kept-checkpoints.ts";
import { damage } from "../../storage/refusal.ts";
import { decodeEntry } from "../../topic/entries.ts";
import type { RecordsEntry } from "../../topic/records-format.ts";
import { decodeSection, type TopicSection } from "../../topic/section.ts";
import type { FrameFields } from "../../wal/commit.ts";
import type { Frame } from "../../wal/frame.ts";
import { Coverage } from "./coverage.ts";
import type { KnownSeqs } from "./known-seqs.ts";
import { type Moment, stampText } from "./moment.ts";
import { RestoreRefused } from "./refused.ts";
import type { SourceLog } from "./source-log.ts";

export interface Plan {
  /** Frames up to this stamp count; `Infinity`: all at hand. */
  readonly stamp: number;
  /** `undefined`: the log is there from its beginning. */
  readonly state: OpenedState | undefined;
  readonly notes: readonly string[];
}

export interface Found {
  /** The backup's good checkpoints, oldest first. */
  readonly states: readonly OpenedState[];
  readonly log: SourceLog;
  readonly known: KnownSeqs;
  /** When the log goes on with another number of shards; `Infinity`: it does not, as far as is known. */
  readonly nextLayoutStamp: number;
}

export async function plan({ states, log, known, nextLayoutStamp }: Found, moment: Moment | undefined): Promise<Plan> {
  const search = moment?.kind === "record" ? new RecordSearch(moment, known) : undefined;
  for (const state of states) await readSections(state, known, search);
  const coverage = new Coverage(log);
  for (let shard = 0; shard < log.shards.length; shard++)
    await log.read(shard, states.at(0)?.kept.from[shard], (frame) => {
      coverage.take(shard, frame);
      known.addFrame(frame.fields, frame.payload);
      search?.take(frame);
      return true;
    });
  const stamp = search?.stamp(states) ?? (moment?.kind === "time" ? moment.stamp : Infinity);
  const state = states.findLast(({ kept }) => kept.stamp <= stamp);
  if (state === undefined && states.length > 0) throw tooEarly(states);
  if (moment !== undefined && stamp >= nextLayoutStamp)
    throw new RestoreRefused(
      `the log goes on with another number of shards from ${stampText(nextLayoutStamp)} on: for a later moment a later backup is needed`,
    );
  const notes = moment === undefined ? lateNotes(coverage) : momentNotes(coverage, stamp);
  if (moment === undefined && nextLayoutStamp < Infinity)
    notes.push(`what was logged with another number of shards, from ${stampText(nextLayoutStamp)} on, is left out`);
  return { stamp, state, notes };
}

async function readSections(state: OpenedState, known: KnownSeqs, search: RecordSearch | undefined): Promise<void> {
  for await (const { payload } of state.topics())
    for (const text of readTopics(payload)) {
      const section = decodeSection(text);
      if (section === undefined)
        throw damage("a topic's section of a checkpoint is malformed", { file: `checkpoint ${state.kept.number}` });
      known.addSection(section);
      search?.addSection(section);
    }
}

function tooEarly(states: readonly OpenedState[]): RestoreRefused {
  const earliest = stampText(states[0].kept.stamp);
  return new RestoreRefused(`the earliest moment that this backup can be restored to is ${earliest}`);
}

/** Every shard as far as it goes. */
function lateNotes(coverage: Coverage): string[] {
  return [...coverage.missing()].map(
    ({ shard, file, from }) => `shard ${shard} was logged to after ${stampText(from)}, but ${file} is not at hand`,
  );
}

/** At a moment every shard has to be there as far as that. */
function momentNotes(coverage: Coverage, stamp: number): string[] {
  const { wholeThrough, last } = coverage;
  if (stamp > wholeThrough) {
    const missing = [...coverage.missing()].filter(({ from }) => from < stamp).map(({ file }) => file);
    throw new RestoreRefused(
      `the log at hand is not whole up to that moment: ${missing.join(", ")} is missing (--archive, --live); the latest one that can be restored is ${stampText(wholeThrough)}`,
    );
  }
  return stamp > last ? [`nothing at hand was logged after ${stampText(last)}`] : [];
}

/** Looks for the commit of a record: by the latest instance of its topic that has it. */
class RecordSearch {
  readonly #topic: string;
  readonly #seq: number;
  readonly #known: KnownSeqs;
  /** The last record of that topic that anything speaks of. */
  #head = 0;
  #stamp: number | undefined;
  /** It lies among what an `ephemeral` topic had retained as it became durable: what ends that commits it. */
  #rebased: number | undefined;

  constructor({ topic, seq }: { readonly topic: string; readonly seq: number }, known: KnownSeqs) {
    this.#topic = topic;
    this.#seq = seq;
    this.#known = known;
  }

  addSection({ name, loggedSeq }: TopicSection): void {
    if (name === this.#topic) this.#head = Math.max(this.#head, loggedSeq);
  }

  take({ fields, payload }: Frame): void {
    if (this.#known.name(fields.topicId) !== this.#topic) return;
    const outcome = decodeEntry(fields.kind, payload);
    if (!outcome.ok) return;
    const { entry } = outcome;
    if (entry.kind === "records") this.#look(fields, entry.records);
    else if (entry.kind === "rebase" && entry.step.step === "end" && this.#rebased === fields.topicId) {
      this.#committed(fields.stamp);
      this.#rebased = undefined;
    }
  }

  /** Refuses when it is not there. */
  stamp(states: readonly OpenedState[]): number {
    if (this.#stamp !== undefined) return this.#stamp;
    const what = `record ${this.#seq} of topic ${this.#topic} is not in the log at hand`;
    if (this.#seq <= this.#head && states.length > 0) throw new RestoreRefused(`${what}: ${tooEarly(states).message}`);
    throw new RestoreRefused(this.#head === 0 ? what : `${what}, which goes to record ${this.#head}`);
  }

  #look({ firstSeq, stamp, topicId }: FrameFields, records: RecordsEntry): void {
    const last = firstSeq + records.seqDelta(records.count - 1);
    this.#head = Math.max(this.#head, last);
    if (this.#seq < firstSeq || this.#seq > last) return;
    if (!records.retained) this.#committed(stamp);
    else if (hasDelta(records, this.#seq - firstSeq)) this.#rebased = topicId;
  }

  #committed(stamp: number): void {
    this.#stamp = Math.max(this.#stamp ?? 0, stamp);
  }
}

function hasDelta(records: RecordsEntry, delta: number): boolean {
  for (let i = 0; i < records.count; i++) if (records.seqDelta(i) === delta) return true;
  return false;
}
