/** Sees everything that happens on a stage: a line of trace for each thing, and what coverage counts of it. */
import type { EngineEvent } from "../../src/engine/events.ts";
import { type Call, describeCall } from "../disk/call.ts";
import type { Observation } from "../oracle/observation.ts";
import type { Coverage } from "./coverage.ts";
import { fileFamily } from "./file-family.ts";
import type { Moment, RareState, Situation } from "./rare.ts";
import type { Trace } from "./trace.ts";

export interface WitnessParts {
  readonly trace: Trace;
  readonly coverage: Coverage;
  /** To be counted. */
  readonly rare: readonly RareState[];
  now(): number;
  around(): Situation;
  /** A step goes on and on. */
  endless(): void;
}

/** Lines of trace in which a step comes to its end. */
const mostPerStep = 10_000;

export class Witness {
  /** Types of events of the whole run. */
  readonly everHappened = new Set<string>();
  readonly #parts: WitnessParts;
  #sinceStep = 0;

  constructor(parts: WitnessParts) {
    this.#parts = parts;
  }

  note(line: string): void {
    const { trace } = this.#parts;
    if (line.startsWith("step ")) this.#sinceStep = 0;
    else if (++this.#sinceStep === mostPerStep) this.#parts.endless();
    trace.add(`${this.#parts.now()} ${line}`);
  }

  count(name: string): void {
    this.#parts.coverage.count(name);
  }

  meet(moment: Moment): void {
    const { rare } = this.#parts;
    const around = this.#parts.around();
    for (const state of rare) if (state.is(moment, around)) this.count(`rare: ${state.name}`);
  }

  said(what: string): void {
    this.note(`said ${what}`);
    this.meet({ kind: "said", what });
  }

  heard(event: EngineEvent): void {
    this.note(`event ${JSON.stringify(event)}`);
    this.count(`events: ${event.type}`);
    this.meet({ kind: "event", event });
    this.everHappened.add(event.type);
  }

  called(call: Call, number: number): void {
    this.note(`call ${number} ${describeCall(call)}`);
    this.count(`calls: ${call.name} ${fileFamily(call.path)}`);
  }

  /** `call`: the one that it died instead of making. */
  died(call: Call | undefined, survival: string | undefined, pending: number, contents: string): void {
    this.note(`died, ${survival ?? "kill"}, ${contents}`);
    this.count(`end: ${survival === undefined ? "kill" : "power loss"}`);
    // Call site, phase, survival: a crash point.
    const [kind = "kill"] = (survival ?? "kill").split(":");
    if (call !== undefined)
      this.count(`points: ${call.name} ${fileFamily(call.to ?? call.path)}, ${this.#parts.around().phase}, ${kind}`);
    this.meet({ kind: "death", survival, pending, call });
  }

  looked(observation: Observation): void {
    for (const [name, { head, earliest, count, bytes, tombstones, records }] of observation) {
      const last = records.at(-1);
      this.note(`topic ${name} ${head} ${earliest} ${count} ${bytes} ${last?.ts ?? 0} ${JSON.stringify(tombstones)}`);
      for (const { reason } of tombstones) this.count(`tombstones: ${reason}`);
    }
    this.#parts.coverage.count("judgements: topics", observation.size);
  }
}
