import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 82,
  what: "what was evicted while it was being sealed is sealed all the same, and asks for a tag that is gone",
  letters: ["S"],
  patches: [
    {
      file: "src/topic/part-builder.ts",
      search: "    const at = chunk.isGone ? chunk.count : chunk.nextLive(from);",
      replace: "    const at = chunk.nextLive(from);",
    },
  ],
};
