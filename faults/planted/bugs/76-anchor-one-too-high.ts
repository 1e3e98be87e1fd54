import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 76,
  what: "an anchor speaks of one copy more than there is",
  letters: ["S"],
  patches: [
    {
      file: "src/topic/link-end.ts",
      search: "  plan.anchor = { source: link.cursor, dest: plan.head };",
      replace: "  plan.anchor = { source: link.cursor, dest: plan.head + 1 };",
    },
  ],
};
