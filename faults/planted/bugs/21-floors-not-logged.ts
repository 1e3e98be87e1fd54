import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 21,
  what: "what TTL and caps have taken is not logged where no frame tells of it",
  letters: ["S"],
  patches: [
    {
      file: "src/topic/ceiling-frames.ts",
      search: "  if (topic.contents.floorsUnlogged) logCeiling(topic);",
      replace: "  topic.contents.floorsLogged();",
    },
    {
      file: "src/topic/ceiling-frames.ts",
      search: "topic.ceiling.isLow(topic.plan.head) || topic.contents.floorsUnlogged;",
      replace: "topic.ceiling.isLow(topic.plan.head);",
    },
    {
      file: "src/topic/ceiling-frames.ts",
      search: `return says ? { kind: "ceiling", lower, floors: { capFloor, ttlFloor } } : { kind: "ceiling", lower };`,
      replace: `return says && capFloor < 0 ? { kind: "ceiling", lower, floors: { capFloor, ttlFloor } } : { kind: "ceiling", lower };`,
    },
    {
      file: "src/engine/housekeeper.ts",
      search: `    if (unlogged && !this.#logging) this.#log();
`,
      replace: "",
    },
  ],
};
