import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 31,
  what: "a key is remembered before the commit, and what failed is deduped later",
  letters: ["S", "F"],
  patches: [
    {
      file: "src/topic/append.ts",
      search:
        "    topic.contents.dedupe.begin(key, { append: { firstSeq, lastSeq, ts: planned.ts }, decided: answer });",
      replace: "    topic.contents.dedupe.remember(key, { firstSeq, lastSeq, ts: planned.ts });",
    },
    {
      file: "src/topic/append.ts",
      search: "this.#topic.contents.dedupe.abandon(key);",
      replace: "this.#topic.deps.quota.addLive(0, 0);",
    },
  ],
};
