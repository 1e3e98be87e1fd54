/** The first sync of a file that was rotated to is taken for done with the one before the rotation. */
import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 2,
  what: "of a group that crosses a rotation only the part in the first file is synced",
  letters: ["S", "F"],
  patches: [
    {
      file: "src/wal/file-writer.ts",
      search: `  #lastKind: number | undefined;
`,
      replace: `  #lastKind: number | undefined;
  #crossed = false;
`,
    },
    {
      file: "src/wal/file-writer.ts",
      search: `    this.#file = file;
    this.#lastKind = undefined;`,
      replace: `    this.#file = file;
    this.#crossed = true;
    this.#lastKind = undefined;`,
    },
    {
      file: "src/wal/file-writer.ts",
      search: "      await file.file.datasync();",
      replace: `      if (!this.#crossed) await file.file.datasync();
      this.#crossed = false;`,
    },
  ],
};
