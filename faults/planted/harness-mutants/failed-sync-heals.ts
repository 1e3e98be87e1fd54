import type { HarnessMutant } from "../bug.ts";

export const mutant: HarnessMutant = {
  name: "failed-sync-heals",
  what: "a sync that fails has synced all the same",
  shouldMiss: [{ bug: 73, letter: "S" }],
  patches: [
    {
      file: "sim/disk/simulated-file.ts",
      search: `if (fault?.kind === "error") state.failSync(file, order, fault.variant ?? "dirty");`,
      replace: `if (fault?.kind === "error") state.sync(file, order);`,
    },
  ],
};
