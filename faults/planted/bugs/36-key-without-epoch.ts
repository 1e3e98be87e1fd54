import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 36,
  what: "the exactly-once key leaves out the source's epoch",
  letters: ["S", "C*"],
  patches: [
    {
      file: "src/topic/copy-meta.ts",
      search: "`router:${router}:${source.id}:${source.epoch}:${seq}`",
      replace: "`router:${router}:${source.name}:${seq}`",
    },
  ],
};
