import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 61,
  what: "replay insists on dense seqs, so that everything after a crash hole is dropped at the next crash",
  letters: ["S", "C*"],
  patches: [
    {
      file: "src/topic/replay.ts",
      search: `  const { entry } = outcome;
  const problem = entry.kind === "topicCreate"`,
      replace: `  const { entry } = outcome;
  if (entry.kind === "records" && !entry.records.retained && topic.contents.holes.all.length > 0) {
    topic.op = fields.op;
    return { ok: true };
  }
  const problem = entry.kind === "topicCreate"`,
    },
  ],
};
