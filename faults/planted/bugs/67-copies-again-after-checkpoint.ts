import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 67,
  what: "a checkpoint forgets how far a link came: copies are made again, and with them what was deleted",
  letters: ["S", "C*"],
  patches: [
    {
      file: "src/topic/section.ts",
      search: "    link: section.link && linkToJson(section.link),",
      replace: "    link: section.link && linkToJson({ ...section.link, cursor: 0 }),",
    },
  ],
};
