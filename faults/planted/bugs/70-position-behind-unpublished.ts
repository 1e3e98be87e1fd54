import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 70,
  what: "a checkpoint's position is taken behind a frame that is written and not published",
  letters: ["S"],
  patches: [
    {
      file: "src/topic/capture.ts",
      search: "earliest([queue.place, contents.retained.tail.place, topic.rebaseFrom, first?.place]);",
      replace: "earliest([contents.retained.tail.place, topic.rebaseFrom, first?.place]);",
    },
  ],
};
