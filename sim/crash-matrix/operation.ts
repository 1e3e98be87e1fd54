/**
 * An operation whose every crash is tried (spec 8.3). A file in operations/ that exports one as `operation` takes part; there
 * is no list.
 */
import type { Depth, Examined, Image } from "./examine.ts";
import type { Machine, ServerConfig } from "./machine.ts";

export interface Operation {
  readonly name: string;
  readonly server?: ServerConfig;
  /** Directories that are there from the start, beside `/data`. */
  readonly directories?: readonly string[];
  /** `shuffled`: calls overtake each other, by the seed. Otherwise they take effect in turn. */
  readonly order?: "in-turn" | "shuffled";
  /** Seeds to run a shuffled operation with. */
  readonly seeds?: number;
  readonly faults?: readonly string[];
  /** What was there before. Crashes in it are of no interest. */
  setup?(machine: Machine): Promise<void>;
  /** What is crashed at every mutating call, and after the last one. */
  run(machine: Machine): Promise<void>;
  /** Whether it ends in a clean stop. */
  readonly endsClean?: boolean;
  /** With a disk that fails, the death of the process may cost what a power loss costs. */
  readonly cacheIsNoWitness?: boolean;
  /** With a full disk a start may be refused for want of space; with space it must succeed. */
  readonly mayWantSpace?: boolean;
  /** Further looks at an image, on a machine of their own that has started and been judged. */
  readonly verify?: (machine: Machine) => Promise<void>;
  /** What is done with an image, where that is not, or not only, what examine.ts does. */
  examine?(image: Image, depth: Depth): Promise<Examined>;
}
