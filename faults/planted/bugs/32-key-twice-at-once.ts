import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 32,
  what: "two writes with one key at once both append",
  letters: ["S", "C"],
  patches: [
    {
      file: "src/topic/append.ts",
      search: "      if (pending !== undefined) {",
      replace: "      if (pending !== undefined && pending.append.firstSeq < 0) {",
    },
    {
      file: "src/topic/dedupe.ts",
      search: `    assert(!this.#pending.has(key), "a key is on its way once");
`,
      replace: "",
    },
    {
      file: "src/topic/dedupe.ts",
      search: `    assert(this.#pending.delete(key), "an abandoned key was pending");
`,
      replace: `    this.#pending.delete(key);
`,
    },
  ],
};
