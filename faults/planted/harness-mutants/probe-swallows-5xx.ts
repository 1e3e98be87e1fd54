import type { HarnessMutant } from "../bug.ts";

export const mutant: HarnessMutant = {
  name: "probe-swallows-5xx",
  what: "the probe takes a 5xx for what it asked for",
  shouldMiss: [{ bug: 101, letter: "C" }],
  patches: [
    {
      file: "conformance/runner.ts",
      search: `    if (error instanceof Skipped) return { outcome: "skipped", reason: error.message };`,
      replace: `    if (error instanceof Skipped) return { outcome: "skipped", reason: error.message };
    if (error instanceof Error && /\\b5\\d\\d\\b/.test(error.message)) return { outcome: "passed" };`,
    },
  ],
};
