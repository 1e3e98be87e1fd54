import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 33,
  what: "a step's anchor names a source record whose copy was not planned",
  letters: ["S", "F"],
  patches: [
    {
      file: "src/router/link.ts",
      search: "    if (copies.through > link.cursor) return this.#staged(this.#end.stage(copies, this.#logged));",
      replace: `    if (this.#tried > 0 && copies.count > 0 && copies.through < this.source.headSeq) copies.through++;
    if (copies.through > link.cursor) return this.#staged(this.#end.stage(copies, this.#logged));`,
    },
  ],
};
