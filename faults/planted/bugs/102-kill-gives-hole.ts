import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 102,
  what: "the death of the process alone gives `disk` topics a hole",
  letters: ["S", "C*"],
  patches: [
    {
      file: "src/wal/recovery.ts",
      search: "    const powerLost = !clean && !witnesses[end.shard];",
      replace: "    const powerLost = !clean;",
    },
  ],
};
