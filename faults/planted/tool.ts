/** A tool that is held against a copy of the tree, alone and within a budget. */
import type { Letter } from "./bug.ts";

export interface Verdict {
  /**
   * `killed`: it noticed. `survived`: it found nothing within its budget. `absent`: there is no such tool, or not for this.
   * `broken`: the run itself came to nothing, so that nothing can be said.
   */
  readonly outcome: "killed" | "survived" | "absent" | "broken";
  /** Which part of the tool; of `absent` and `broken`, why. */
  readonly tool: string;
  /** The invariant, rule or case that noticed. */
  readonly by?: string;
  /** The seed or the case that repeats it. */
  readonly seed?: string;
  /** Of CPU, without those of its own children; absent where they do the work. */
  readonly cpuSeconds?: number;
}

export interface Budget {
  /** Of CPU, of one run of the tool. */
  readonly seconds: number;
}

export interface Tool {
  readonly letter: Letter;
  /** What it runs, for people. */
  readonly command: string;
  run(directory: string, budget: Budget): Promise<Verdict>;
}

export function firstLine(text: string): string {
  const line = text.split("\n").find((one) => one.trim() !== "") ?? "";
  return line.length > 200 ? `${line.slice(0, 197)}…` : line;
}
