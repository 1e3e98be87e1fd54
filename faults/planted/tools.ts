/** The tools by their letters, and what each gets of time. */
import type { Letter } from "./bug.ts";
import type { Budget, Tool } from "./tool.ts";
import { conformance, managedConformance } from "./tools/conformance.ts";
import { corpus } from "./tools/corpus.ts";
import { simulator } from "./tools/simulator.ts";

export const tools: Readonly<Record<Letter, Tool>> = {
  S: simulator,
  F: corpus,
  C: conformance,
  "C*": managedConformance,
};

/** One run of each, clean or planted; the clean copy has to be green with the same. */
export const budgets: Readonly<Record<Letter, Budget>> = {
  S: { seconds: 60 },
  F: { seconds: 150 },
  C: { seconds: 120 },
  "C*": { seconds: 120 },
};
