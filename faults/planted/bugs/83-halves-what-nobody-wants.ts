import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 83,
  what: "a link to a full destination tries again at once for as long as its filter lets go of anything",
  letters: ["S"],
  patches: [
    {
      file: "src/router/link.ts",
      search: "    this.#tried = copies.count;",
      replace: "    this.#tried = copies.through - link.cursor;",
    },
  ],
};
