import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 72,
  what: `"torn" is decided by zeros at the end of the file alone`,
  letters: ["S", "F"],
  patches: [
    {
      file: "src/wal/evidence.ts",
      search: `(stopped.why !== "foreign" && (blankPart || endsInside)), writtenEnd }`,
      replace: "writtenEnd < fileBytes, writtenEnd }",
    },
  ],
};
