import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 27,
  what: "a topic that is made again keeps the frames of its former self",
  letters: ["S", "C*"],
  patches: [
    {
      file: "src/engine/creator.ts",
      search: `  const id = ids.take();
`,
      replace: `  const id = formerIds.get(name) ?? ids.take();
  formerIds.set(name, id);
`,
    },
    {
      file: "src/engine/creator.ts",
      search: "function make(",
      replace: `const formerIds = new Map<string, number>();

function make(`,
    },
    {
      file: "src/engine/replayer.ts",
      search: `    if (this.#names.has(fields.topicId)) return \`topic id \${fields.topicId} is created twice\`;
`,
      replace: "",
    },
  ],
};
