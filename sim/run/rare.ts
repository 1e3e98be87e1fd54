/**
 * States that are rare, by name, each a question about one moment of a run (spec 8.6): a nightly run has to have met each of
 * them. They lie in rare/, one file to a family; a file that exports `states` takes part.
 */
import type { EngineEvent } from "../../src/engine/events.ts";
import type { TopicConfig } from "../../src/topic/config.ts";
import type { ServerConfig } from "../crash-matrix/machine.ts";
import type { Call } from "../disk/call.ts";
import type { Crash } from "../oracle/crash.ts";
import type { ModelTopic } from "../oracle/model.ts";
import type { SeenTopic } from "../oracle/observation.ts";

export type Phase = "starting" | "serving" | "stopping";

export type Moment =
  | { readonly kind: "event"; readonly event: EngineEvent }
  /** `answer` is `ok` or the code of an error. */
  | {
      readonly kind: "answer";
      readonly verb: string;
      readonly answer: string;
      /** What the topic was like before, and is now. */
      readonly before: TopicConfig | undefined;
      readonly after: TopicConfig | undefined;
    }
  /** A topic is looked at, and found to be what it may be. */
  | {
      readonly kind: "look";
      readonly crash: Crash;
      readonly seen: SeenTopic;
      readonly before: ModelTopic | undefined;
    }
  | {
      readonly kind: "death";
      /** What survived a loss of power. */
      readonly survival: string | undefined;
      readonly pending: number;
      /** It died instead of making this call. */
      readonly call: Call | undefined;
    }
  /** Something that only whoever did it can know. */
  | { readonly kind: "said"; readonly what: string };

/** What goes on around a moment. */
export interface Situation {
  readonly phase: Phase;
  readonly server: ServerConfig;
  readonly speaksHttp: boolean;
  /** Types of events of this process so far. */
  readonly happened: ReadonlySet<string>;
  /** Deaths since a server was last ready. */
  readonly deathsInARow: number;
  /** Deaths of this run. */
  readonly deaths: number;
  /** Steps that are under way. */
  readonly inFlight: number;
  /** Calls that changed something since this process was ready. */
  readonly hasWritten: boolean;
  /** A fault of a write or sync has struck this process. */
  readonly isStruck: boolean;
}

export interface RareState {
  readonly name: string;
  is(moment: Moment, situation: Situation): boolean;
}

// --- for the families --------------------------------------------------------------------------------------------

export function onEvent<T extends EngineEvent["type"]>(
  name: string,
  type: T,
  holds: (event: Extract<EngineEvent, { type: T }>, situation: Situation) => boolean = () => true,
): RareState {
  return {
    name,
    is: (moment, situation) =>
      moment.kind === "event" &&
      moment.event.type === type &&
      holds(moment.event as Extract<EngineEvent, { type: T }>, situation),
  };
}

export function onAnswer(
  name: string,
  holds: (answer: Extract<Moment, { kind: "answer" }>, situation: Situation) => boolean,
): RareState {
  return { name, is: (moment, situation) => moment.kind === "answer" && holds(moment, situation) };
}

export function onLook(
  name: string,
  holds: (look: Extract<Moment, { kind: "look" }>, situation: Situation) => boolean,
): RareState {
  return { name, is: (moment, situation) => moment.kind === "look" && holds(moment, situation) };
}

export function onDeath(
  name: string,
  holds: (death: Extract<Moment, { kind: "death" }>, situation: Situation) => boolean,
): RareState {
  return { name, is: (moment, situation) => moment.kind === "death" && holds(moment, situation) };
}

/** An actor says so. */
export function said(name: string): RareState {
  return { name, is: (moment) => moment.kind === "said" && moment.what === name };
}
