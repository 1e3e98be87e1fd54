import type { HarnessMutant } from "../bug.ts";

export const mutant: HarnessMutant = {
  name: "monitor-off",
  what: "no rule of order is watched",
  shouldMiss: [{ bug: 11, letter: "S" }],
  patches: [
    {
      file: "sim/disk/monitor.ts",
      search: "    for (const rule of this.#rules.get(event.call.name) ?? []) {",
      replace: "    for (const rule of [] as Rule[]) {",
    },
  ],
};
