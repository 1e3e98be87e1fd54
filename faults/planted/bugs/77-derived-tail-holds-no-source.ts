import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 77,
  what: "a tail of derived copies does not hold back the log of its source",
  letters: ["S"],
  patches: [
    {
      file: "src/topic/derivations.ts",
      search: "    return [...spans, ...this.#staged];",
      replace: "    return spans.length < 0 ? spans : [...this.#staged];",
    },
  ],
};
