import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 30,
  what: "idempotency memory does not survive with its batch",
  letters: ["S", "C*"],
  patches: [
    {
      file: "src/topic/replay.ts",
      search: `  topic.contents.dropExpiredKeys(nowMs);
`,
      replace: `  topic.contents.dedupe.clear();
`,
    },
  ],
};
