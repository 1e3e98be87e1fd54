import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 57,
  what: "the range of a tombstone is off by one",
  letters: ["S", "C"],
  patches: [
    {
      file: "src/topic/tombstone.ts",
      search: "    const tombstone = { gapFrom: next, gapTo, reason: evictionReason",
      replace: "    const tombstone = { gapFrom: next, gapTo: gapTo - 1, reason: evictionReason",
    },
  ],
};
