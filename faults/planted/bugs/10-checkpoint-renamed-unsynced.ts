import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 10,
  what: "renames a checkpoint before its data is synced",
  letters: ["S", "F"],
  patches: [
    {
      file: "src/checkpoint/writer.ts",
      search: `    if (this.#synced < this.#written) await this.#sync();
`,
      replace: "",
    },
  ],
};
