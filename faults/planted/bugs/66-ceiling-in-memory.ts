import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 66,
  what: "the ceiling is raised in memory only",
  letters: ["S"],
  patches: [
    {
      file: "src/topic/ceiling-frames.ts",
      search: `  topic.submitEntry(ceilingEntry(topic, false), { at: "synced" }, onlyClock(topic));
}`,
      replace: `  topic.ceiling.await(topic.ceiling.declare(topic.plan.head));
}`,
    },
  ],
};
