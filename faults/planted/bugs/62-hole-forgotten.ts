import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 62,
  what: "recovery announces a crash hole once, but forgets it at the next checkpoint",
  letters: ["S", "C*"],
  patches: [
    {
      file: "src/topic/contents.ts",
      search: "[this.#headSeq, this.#lastWriteTs, this.holes.all];",
      replace: "[this.#headSeq, this.#lastWriteTs, [] as readonly Hole[]];",
    },
  ],
};
