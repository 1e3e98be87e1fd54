import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 20,
  what: "a delete selector is evaluated again on replay, without its head bound",
  letters: ["S", "C*"],
  patches: [
    {
      file: "src/topic/replay.ts",
      search: "contents.applyDelete(stampMs, entry.what, resolved);",
      replace: "contents.applyDelete(stampMs, { ...entry.what, bound: contents.headSeq }, resolved);",
    },
  ],
};
