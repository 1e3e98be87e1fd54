import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 68,
  what: "a copy stands in an `fsync` topic while its source's bytes can still be lost",
  letters: ["S"],
  patches: [
    {
      file: "src/router/link.ts",
      search: "    return safe ? Infinity : Math.max(cursor, this.#synced);",
      replace: "    return safe || cursor >= 0 ? Infinity : this.#synced;",
    },
  ],
};
