import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 81,
  what: "what was sealed of a tail takes the place of what the tail was given instead meanwhile",
  letters: ["S"],
  patches: [
    {
      file: "src/topic/seal.ts",
      search: "    const isAnother = retained.tail.generation !== instead.generation;",
      replace: "    const isAnother = retained.tail.generation < instead.generation;",
    },
  ],
};
