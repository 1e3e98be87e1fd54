import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 25,
  what: "a segment is there under its name before its data is durable",
  letters: ["S", "F"],
  patches: [
    {
      file: "src/segment/output.ts",
      search: `    if (this.#unsynced > 0) await this.#sync();
`,
      replace: "",
    },
  ],
};
