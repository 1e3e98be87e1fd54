import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 78,
  what: "a frame of a destination is replayed while one copy in front of it is still to be derived",
  letters: ["S"],
  patches: [
    {
      file: "src/topic/way.ts",
      search: "  return anchor !== undefined && link !== undefined && anchor.source > link.cursor;",
      replace: "  return anchor !== undefined && link !== undefined && anchor.source > link.cursor + 1;",
    },
  ],
};
