/**
 * Knows what clients did and were told, and judges what a server shows (spec 8.2). After a judgement it goes on from what
 * was found: the next crash is held against that.
 */
import { possibleStates } from "./aftermath.ts";
import { mismatch } from "./compare.ts";
import type { Crash } from "./crash.ts";
import { TopicHistory } from "./history.ts";
import type { Invariant } from "./invariant.ts";
import { ackedSurvives } from "./invariants/01-acked-survives.ts";
import { seqs } from "./invariants/03-seqs.ts";
import { announced } from "./invariants/04-announced.ts";
import { watermarks } from "./invariants/05-watermarks.ts";
import { deletes } from "./invariants/06-deletes.ts";
import { counts } from "./invariants/09-counts.ts";
import type { Observation, SeenTopic } from "./observation.ts";

const invariants: readonly Invariant[] = [ackedSurvives, seqs, announced, watermarks, deletes, counts];

export class Violation extends Error {
  override readonly name = "Violation";
  readonly invariant: string;

  constructor(invariant: string, message: string) {
    super(`${invariant}: ${message}`);
    this.invariant = invariant;
  }
}

export class Oracle {
  readonly #topics = new Map<string, TopicHistory>();

  clone(): Oracle {
    const copy = new Oracle();
    for (const [name, history] of this.#topics) copy.#topics.set(name, history.clone());
    return copy;
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
    return [...this.#topics.values()].map((history) => history.digest()).join();
  }

  /** Whatever is acked is on the device by now. */
  settle(): void {
    for (const history of this.#topics.values()) history.settle();
  }

  /** Throws the first `Violation`. Otherwise what was found is what there is from now on. */
  judge(observation: Observation, crash: Crash, nowMs: number): void {
    for (const name of observation.keys()) this.topic(name);
    for (const history of this.#topics.values()) this.#judgeTopic(history, observation.get(history.name), crash, nowMs);
  }

  #judgeTopic(history: TopicHistory, seen: SeenTopic | undefined, crash: Crash, nowMs: number): void {
    for (const record of seen?.records ?? []) history.retime(record);
    for (const invariant of invariants) {
      const wrong = invariant.check({ history, crash, seen, nowMs });
      if (wrong !== undefined)
        throw new Violation(invariant.number, `${invariant.title}; topic ${history.name} after ${crash}: ${wrong}`);
    }
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
