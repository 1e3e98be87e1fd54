import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 65,
  what: "a WAL file is used before the manifest names it",
  letters: ["S", "F"],
  patches: [
    {
      file: "src/wal/file-switch.ts",
      search: `    await this.#name(next);
`,
      replace: `    void this.#name(next);
`,
    },
  ],
};
