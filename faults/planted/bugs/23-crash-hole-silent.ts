import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 23,
  what: "a range that was lost in a crash is not announced",
  letters: ["S", "C*"],
  patches: [
    {
      file: "src/topic/contents.ts",
      search: `      this.holes.add(hole);
`,
      replace: "",
    },
  ],
};
