import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 22,
  what: "the head is restored to the last recovered seq",
  letters: ["S", "F"],
  patches: [
    {
      file: "src/topic/replay.ts",
      search: `  return lost && topic.mode !== "gone" && to >= from ? { from, to, cause: "crash" } : undefined;`,
      replace: `  return lost && topic.mode !== "gone" && to < from ? { from, to, cause: "crash" } : undefined;`,
    },
    {
      file: "src/topic/replay.ts",
      search: "topic.ceiling.settle(Math.max(topic.ceiling.declared, topic.contents.headSeq));",
      replace: "topic.ceiling.settle(topic.contents.headSeq);",
    },
  ],
};
