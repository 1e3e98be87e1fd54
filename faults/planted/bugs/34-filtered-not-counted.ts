import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 34,
  what: "filtered records are not counted, and the cursor sticks",
  letters: ["S", "C"],
  patches: [
    {
      file: "src/router/link.ts",
      search: "    if (copies.through > link.cursor) return this.#staged(this.#end.stage(copies, this.#logged));",
      replace: "    if (copies.count > 0) return this.#staged(this.#end.stage(copies, this.#logged));",
    },
  ],
};
