import type { HarnessMutant } from "../bug.ts";

export const mutant: HarnessMutant = {
  name: "crash-keeps-everything",
  what: "a loss of power keeps what was never synced",
  shouldMiss: [{ bug: 68, letter: "S" }],
  patches: [
    {
      file: "sim/disk/disk.ts",
      search: `const chosen = typeof survival === "string" ? parseSurvival(survival) : survival;`,
      replace: `const chosen = parseSurvival(typeof survival === "string" ? "all" : "all");`,
    },
  ],
};
