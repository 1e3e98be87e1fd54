/**
 * A planted bug (spec 8.6, 9.5): a small change of the source that some tools must notice, each on its own. A value, applied
 * to a copy of the tree only.
 */

/** `S` simulator or crash matrix, `F` fault corpus, `C` conformance; `C*` conformance with restarts and kills. */
export type Letter = "S" | "F" | "C" | "C*";

export const letters: readonly Letter[] = ["S", "F", "C", "C*"];

/** `search` occurs exactly once in `file`, a path from the root of the repository. */
export interface Patch {
  readonly file: string;
  readonly search: string;
  readonly replace: string;
}

export interface PlantedBug {
  /** Its number in 9.5; numbers from 101 on are ours. */
  readonly number: number;
  /** One sentence: what the patched program does. */
  readonly what: string;
  /** Each of them must catch it alone. */
  readonly letters: readonly Letter[];
  readonly patches: readonly Patch[];
}

/** A change that weakens a tool: some planted bug must escape it then, or what was weakened is dead weight. */
export interface HarnessMutant {
  readonly name: string;
  readonly what: string;
  readonly patches: readonly Patch[];
  /** Bugs to try, in order, each with a tool that catches it as it is. */
  readonly shouldMiss: readonly { readonly bug: number; readonly letter: Letter }[];
}

/** A change that preserves behaviour: every tool must stay green. */
export interface Control {
  readonly name: string;
  readonly what: string;
  readonly patches: readonly Patch[];
}
