/**
 * What a restore makes of a moment (spec 6.7): the stamp at which every shard is cut, and the checkpoint to begin with. Goes
 * over the log at hand once, and learns on the way how far each topic has come later.
 */
import { readTopics } from "../../engine/checkpoint-codec.ts";
import type { OpenedState } from "../../engine/kept-checkpoints.ts";
import { damage } from "../../storage/refusal.ts";
import { decodeEntry } from "../../topic/entries.ts";
import { decodeSection } from "../../topic/section.ts";
import { frameKind } from "../../wal/commit.ts";
import type { Frame } from "../../wal/frame.ts";
import type { KnownSeqs } from "./known-seqs.ts";
import { type Moment, stampText } from "./moment.ts";
import { RestoreRefused } from "./refused.ts";
import { claimsMore, type SourceLog } from "./source-log.ts";

export interface Plan {
  /** Frames up to this stamp count; `Infinity`: all at hand. */
  readonly stamp: number;
  /** `undefined`: the log is there from its beginning. */
  readonly state: OpenedState | undefined;
}

export interface Found {
  /** The backup's good checkpoints, oldest first. */
  readonly states: readonly OpenedState[];
  readonly log: SourceLog;
  readonly known: KnownSeqs;
}

export async function plan({ states, log, known }: Found, moment: Moment | undefined): Promise<Plan> {
  const survey = new LogSurvey(log, known, moment);
  for (const state of states) await addSections(state, known, survey, moment);
  await survey.run(states.at(0));
  const asked = moment?.kind === "record" ? survey.recordStamp(states) : moment?.stamp;
  const { knownThrough } = survey;
  if (asked !== undefined && knownThrough !== undefined && asked > knownThrough)
    throw new RestoreRefused(
      `the log at hand is not whole up to that moment${survey.lacks}: the latest one that can be restored is ${stampText(knownThrough)}`,
    );
  const stamp = asked ?? knownThrough ?? Infinity;
  const state = states.findLast(({ kept }) => kept.stamp <= stamp);
  if (state === undefined && states.length > 0) throw tooEarly(states);
  return { stamp, state };
}

async function addSections(
  state: OpenedState,
  known: KnownSeqs,
  survey: LogSurvey,
  moment: Moment | undefined,
): Promise<void> {
  for await (const { payload } of state.topics())
    for (const text of readTopics(payload)) {
      const section = decodeSection(text);
      if (section === undefined)
        throw damage("a topic's section of a checkpoint is malformed", { file: `checkpoint ${state.kept.number}` });
      known.addSection(section);
      if (moment?.kind === "record" && section.name === moment.topic) survey.addHead(section.loggedSeq);
    }
}

function tooEarly(states: readonly OpenedState[]): RestoreRefused {
  const earliest = stampText(states[0].kept.stamp);
  return new RestoreRefused(`the earliest moment that this backup can be restored to is ${earliest}`);
}

class LogSurvey {
  readonly #log: SourceLog;
  readonly #known: KnownSeqs;
  readonly #moment: Moment | undefined;
  /** A frame before this stamp may be missing. */
  #missingFrom = Infinity;
  /** The last record of that topic that anything speaks of. */
  #head = 0;
  /** Where the record that is asked for was committed: by the latest instance of its topic that has it. */
  #recordStamp: number | undefined;
  /** It lies among what an `ephemeral` topic had retained as it became durable: what ends that commits it. */
  #rebased: number | undefined;

  constructor(log: SourceLog, known: KnownSeqs, moment: Moment | undefined) {
    this.#log = log;
    this.#known = known;
    this.#moment = moment;
    if (log.nextLayoutStamp !== undefined) this.#missingFrom = log.nextLayoutStamp;
  }

  /** What a checkpoint says of the topic. */
  addHead(seq: number): void {
    this.#head = Math.max(this.#head, seq);
  }

  async run(oldest: OpenedState | undefined): Promise<void> {
    for (let shard = 0; shard < this.#log.shards; shard++) {
      let last = oldest?.kept.stamp ?? 0;
      await this.#log.read(shard, oldest?.kept.from[shard], (frame) => {
        last = Math.max(last, frame.fields.stamp);
        this.#take(frame);
        return true;
      });
      // Whatever is missing comes behind what is there.
      if (this.#log.lacks(shard) !== undefined) this.#missingFrom = Math.min(this.#missingFrom, last + 1);
    }
  }

  /** Up to this stamp nothing is missing that anything speaks of; `undefined`: nothing is. */
  get knownThrough(): number | undefined {
    return this.#missingFrom === Infinity ? undefined : this.#missingFrom - 1;
  }

  get lacks(): string {
    for (let shard = 0; shard < this.#log.shards; shard++) {
      const name = this.#log.lacks(shard);
      if (name !== undefined) return ` (${name} is missing)`;
    }
    return this.#log.nextLayoutStamp === undefined ? "" : " (it goes on with another number of shards)";
  }

  recordStamp(states: readonly OpenedState[]): number {
    if (this.#recordStamp !== undefined) return this.#recordStamp;
    const { topic, seq } = this.#moment as Moment & { kind: "record" };
    if (seq > this.#head || states.length === 0)
      throw new RestoreRefused(
        `record ${seq} of topic ${topic} is not in the log at hand${this.#head === 0 ? "" : `, which goes to record ${this.#head}`}`,
      );
    throw new RestoreRefused(`record ${seq} of topic ${topic} is not in the log at hand; ${tooEarly(states).message}`);
  }

  #take(frame: Frame): void {
    const { fields, payload } = frame;
    if (claimsMore(frame, this.#log.ends)) this.#missingFrom = Math.min(this.#missingFrom, fields.stamp);
    this.#known.addFrame(fields, payload);
    if (this.#moment?.kind === "record") this.#look(frame, this.#moment);
  }

  #look({ fields, payload }: Frame, { topic, seq }: { readonly topic: string; readonly seq: number }): void {
    if (this.#known.name(fields.topicId) !== topic) return;
    if (fields.kind === frameKind.records) {
      const outcome = decodeEntry(fields.kind, payload);
      if (!outcome.ok || outcome.entry.kind !== "records") return;
      const { records } = outcome.entry;
      const delta = seq - fields.firstSeq;
      const lastDelta = records.seqDelta(records.count - 1);
      this.addHead(fields.firstSeq + lastDelta);
      if (delta < 0 || delta > lastDelta) return;
      if (!records.retained) this.#committed(fields.stamp);
      else if (hasDelta(records, delta)) this.#rebased = fields.topicId;
    } else if (fields.kind === frameKind.rebase && this.#rebased === fields.topicId) {
      const outcome = decodeEntry(fields.kind, payload);
      const isEnd = outcome.ok && outcome.entry.kind === "rebase" && outcome.entry.step.step === "end";
      if (!isEnd) return;
      this.#committed(fields.stamp);
      this.#rebased = undefined;
    }
  }

  #committed(stamp: number): void {
    this.#recordStamp = Math.max(this.#recordStamp ?? 0, stamp);
  }
}

function hasDelta(records: { readonly count: number; seqDelta(i: number): number }, delta: number): boolean {
  for (let i = 0; i < records.count; i++) if (records.seqDelta(i) === delta) return true;
  return false;
}
