/**
 * Somebody who does something to a server in a simulated run (spec 8.2). A file in actors/ that exports one as `actor` takes
 * part; there is no list.
 *
 * What is done is planned before the run, as a plain value with every number in it, so that a history can be printed, cut
 * down and repeated. What it meets when its turn comes may differ: an actor must cope with whatever is there.
 */
import type { Prng } from "../prng.ts";
import type { Profile } from "./profile.ts";
import type { Stage } from "./stage.ts";

/** A value of JSON. */
export type Doing = Readonly<Record<string, unknown>>;

export interface Actor {
  readonly name: string;
  /** How often it has a turn, in relation to the others; a profile may say otherwise. */
  readonly weight: number;
  /** Does its work alone: nothing else is begun before it is done, and it may await the death of the process. */
  readonly alone?: boolean;
  plan(prng: Prng, profile: Profile): Doing;
  act(stage: Stage, doing: Doing, prng: Prng): Promise<void>;
}
