import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 75,
  what: "the key of a dead letter leaves out the source topic",
  letters: ["S", "C"],
  patches: [
    {
      file: "src/engine/mover.ts",
      search: "  return `${id}.${epoch}.${seq}`;",
      replace: "  return id > 0 && epoch > 0 ? `${seq}` : `${id}.${epoch}.${seq}`;",
    },
  ],
};
