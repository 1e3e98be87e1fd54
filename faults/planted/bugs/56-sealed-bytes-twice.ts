import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 56,
  what: "`bytes` is counted twice when a batch seals a segment",
  letters: ["S"],
  patches: [
    {
      file: "src/topic/seal.ts",
      search: `built?.install(topic.deps.parts, live);
    contents.rearrange(() => retained.install(part, instead.lastSeq));`,
      replace: `built?.install(topic.deps.parts, { ...live, bytes: 2 * live.bytes });
    contents.rearrange(() => retained.install(part, instead.lastSeq));`,
    },
  ],
};
