import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 15,
  what: "goes on with the next WAL file after a bad frame",
  letters: ["F"],
  patches: [
    {
      file: "src/wal/replay.ts",
      search: `          throw refuse(deps, file, scanned, "damaged before the end that its successor declares");`,
      replace: "          continue;",
    },
  ],
};
