import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 79,
  what: "a derived copy gets its original's time, whatever was written to the destination before it",
  letters: ["S"],
  patches: [
    {
      file: "src/topic/way.ts",
      search: "  const planned = copies.plan(head + 1, lastTs);",
      replace: "  const planned = copies.plan(head + 1, Math.min(lastTs, 0));",
    },
  ],
};
