import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 80,
  what: "a stretch of derived copies remembers the source's place of its latest step, not of its first",
  letters: ["S"],
  patches: [
    {
      file: "src/topic/derivations.ts",
      search: "      span.last = last;",
      replace: "      Object.assign(span, { last, sourcePlace });",
    },
  ],
};
