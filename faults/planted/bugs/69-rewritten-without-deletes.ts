import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 69,
  what: "a segment is rewritten without the deletes that came meanwhile",
  letters: ["S"],
  patches: [
    {
      file: "src/topic/seal.ts",
      search: `  const part = built?.install(topic.deps.parts, live);
  contents.rearrange(() => retained.sealed.replace(parts, part));`,
      replace: `  const entry = built?.entry;
  const whole = entry && { count: entry.records, bytes: entry.bytes };
  const part = entry && new SealedPart(entry, topic.deps.parts, whole!.count, whole!.bytes);
  contents.rearrange(() => retained.sealed.replace(parts, part));`,
    },
    {
      file: "src/topic/seal.ts",
      search: `import type { SealedPart } from "./sealed-part.ts";`,
      replace: `import { SealedPart } from "./sealed-part.ts";`,
    },
  ],
};
