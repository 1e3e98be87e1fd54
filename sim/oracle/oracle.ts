/**
 * Knows what clients did and were told, and judges what a server shows (spec 8.2). After a judgement it goes on from what
 * was found: the next crash is held against that.
 */
import { possibleStates } from "./aftermath.ts";
import { mismatch } from "./compare.ts";
import type { Crash } from "./crash.ts";
import { TopicHistory } from "./history.ts";
import type { Invariant, Look } from "./invariant.ts";
import { Violation } from "./violation.ts";
import { ackedSurvives } from "./invariants/01-acked-survives.ts";
import { visible } from "./invariants/02-visible.ts";
import { inOrder, seqs } from "./invariants/03-seqs.ts";
import { announced, wellFormed } from "./invariants/04-announced.ts";
import { watermarks } from "./invariants/05-watermarks.ts";
import { deletes } from "./invariants/06-deletes.ts";
import { counts } from "./invariants/09-counts.ts";
import { inSourceOrder, oneMeaning } from "./invariants/11-copies.ts";
import { notInvented } from "./invariants/94-01-not-invented.ts";
import { openSince } from "./invariants/94-03-backup.ts";
import { type ClockFacts, clockWithin } from "./invariants/94-09-clock.ts";
import { Jobs } from "./jobs.ts";
import { Links } from "./links.ts";
import { ModelTopic } from "./model.ts";
import type { Observation, SeenRecord, SeenTopic } from "./observation.ts";
import { QueueLedger } from "./queue-ledger.ts";

/** What holds whatever the disk has said. */
const always: readonly Invariant[] = [notInvented, visible, inOrder, wellFormed, counts];
const invariants: readonly Invariant[] = [
  notInvented,
  visible,
  ackedSurvives,
  seqs,
  announced,
  watermarks,
  deletes,
  counts,
];

export { Violation } from "./violation.ts";

/** Of these, what holds for a destination of routers whatever was copied. */
const destInvariants: readonly Invariant[] = [inOrder, wellFormed, announced, counts];

export class Oracle {
  readonly #topics = new Map<string, TopicHistory>();
  readonly #queues = new Map<string, QueueLedger>();
  /** Of a run; a copy of an oracle knows nothing of them. */
  readonly jobs = new Jobs();
  #links = new Links();

  get links(): Links {
    return this.#links;
  }

  clone(): Oracle {
    const copy = new Oracle();
    copy.#links = this.#links.clone();
    for (const [name, history] of this.#topics) copy.#topics.set(name, history.clone());
    for (const [name, ledger] of this.#queues) copy.#queues.set(name, ledger.clone());
    return copy;
  }

  /** This is what is known now, to judge a copy by that was begun `before`: see invariants/94-03-backup.ts. */
  asOf(before: Oracle): this {
    for (const history of this.#topics.values()) openSince(history, before.topic(history.name));
    return this;
  }

  /** What workers were told; by topic name. */
  get queues(): ReadonlyMap<string, QueueLedger> {
    return this.#queues;
  }

  queue(name: string): QueueLedger {
    const known = this.#queues.get(name);
    if (known) return known;
    const ledger = new QueueLedger();
    this.#queues.set(name, ledger);
    return ledger;
  }

  get topics(): readonly TopicHistory[] {
    return [...this.#topics.values()];
  }

  topic(name: string): TopicHistory {
    const known = this.#topics.get(name);
    if (known) return known;
    const history = new TopicHistory(name);
    this.#topics.set(name, history);
    return history;
  }

  /** Equal when clients did and were told the same, and when no crash may take more of it from one than from the other. */
  digest(): string {
    return [...this.#topics.values(), ...this.#queues.values()].map((known) => known.digest()).join();
  }

  /** Whatever is acked is on the device by now, and whatever had expired at an earlier look. */
  settle(before?: Observation): void {
    for (const history of this.#topics.values()) history.settle(before?.get(history.name)?.nowMs);
    this.#links.settle();
    for (const ledger of this.#queues.values()) ledger.settle();
  }

  /** A reader got it. Throws when its seq had another meaning. */
  showed(topic: string, record: SeenRecord): void {
    this.topic(topic).showed(record);
    const second = this.#links.dest(topic)?.show(record);
    oneMeaning(topic, second);
  }

  /** Which routers a start has found. */
  judgeRouters(names: readonly string[]): void {
    const wrong = this.#links.judgeRouters(names);
    if (wrong !== undefined) throw new Violation("9.4/10", `routers are durable before they are answered: ${wrong}`);
  }

  /** Throws the first `Violation`. Otherwise what was found is what there is from now on. */
  judge(observation: Observation, crash: Crash, nowMs: number, clock?: ClockFacts): void {
    if (clock !== undefined) clockWithin(observation, clock);
    for (const name of observation.keys()) if (!this.jobs.owns(name)) this.topic(name);
    this.jobs.judge(observation, crash);
    for (const history of this.#topics.values()) {
      if (this.jobs.owns(history.name)) continue;
      const seen = observation.get(history.name);
      if (this.#links.dest(history.name) === undefined) this.#judgeTopic(history, seen, crash, nowMs);
      else this.#judgeDest(history, observation, crash, nowMs);
    }
    if (crash === "none") return;
    for (const [name, ledger] of this.#queues)
      ledger.restarted(crash, this.topic(name).live?.config.durability ?? "ephemeral");
  }

  #judgeDest(history: TopicHistory, observation: Observation, crash: Crash, nowMs: number): void {
    check(destInvariants, { history, crash, seen: observation.get(history.name), nowMs });
    inSourceOrder(history.name, crash, this.#links.judge(history, observation, crash));
  }

  /**
   * After syncs that lied: what is found may be less than what was acked, and nothing may tell. It is well-formed, and
   * somebody wrote it. What was found is what there is from now on.
   */
  accept(observation: Observation, nowMs: number): void {
    for (const name of observation.keys()) this.topic(name);
    for (const history of this.#topics.values()) {
      const seen = observation.get(history.name);
      for (const record of seen?.records ?? []) history.retime(record);
      const isDest = this.#links.dest(history.name) !== undefined;
      check(isDest ? [inOrder, wellFormed, counts] : always, { history, crash: "power", seen, nowMs });
      history.base = seen && ModelTopic.found(seen, history.instances);
      history.issued = [];
      history.shown.clear();
    }
  }

  #judgeTopic(history: TopicHistory, seen: SeenTopic | undefined, crash: Crash, nowMs: number): void {
    for (const record of seen?.records ?? []) history.retime(record);
    if (seen !== undefined && crash !== "none") history.guessConfigured(seen.earliest);
    check(invariants, { history, crash, seen, nowMs });
    const tried = new Set<string>();
    for (const state of possibleStates(history, crash, seen, nowMs)) {
      const wrong = mismatch(state, seen) ?? lowHead(history, state?.instance, seen);
      if (wrong !== undefined) {
        tried.add(wrong);
        continue;
      }
      if (crash === "none") return;
      state?.settle();
      history.base = state;
      history.issued = [];
      return;
    }
    throw new Violation(
      "9.4/1",
      `what is found is a prefix of what was done; topic ${history.name} after ${crash}: ${[...tried].slice(0, 3).join("; or else ")}`,
    );
  }
}

function check(rules: readonly Invariant[], look: Look): void {
  for (const rule of rules) {
    const { number, title } = rule;
    const wrong = rule.check(look);
    if (wrong !== undefined)
      throw new Violation(number, `${title}; topic ${look.history.name} after ${look.crash}: ${wrong}`);
  }
}

function lowHead(
  { shown }: TopicHistory,
  instance: number | undefined,
  seen: SeenTopic | undefined,
): string | undefined {
  const least = instance === undefined ? 0 : (shown.get(instance) ?? 0);
  return seen !== undefined && seen.head < least
    ? `its head is ${seen.head}, and ${least} was acked or shown`
    : undefined;
}
