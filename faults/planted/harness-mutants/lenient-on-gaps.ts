import type { HarnessMutant } from "../bug.ts";

export const mutant: HarnessMutant = {
  name: "lenient-on-gaps",
  what: "the model allows a hole behind any topic after any crash",
  shouldMiss: [{ bug: 102, letter: "S" }],
  patches: [
    {
      file: "sim/oracle/crash.ts",
      search: `  if (crash === "none" || durability === "fsync") return false;`,
      replace: `  if (crash !== "none") return true;
  if (crash === "none" || durability === "fsync") return false;`,
    },
  ],
};
