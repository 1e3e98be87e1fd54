import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 46,
  what: "a stream resumes one record too late",
  letters: ["S", "C"],
  patches: [
    {
      file: "src/watch/resume-id.ts",
      search: "    seqs.push([name, seq]);",
      replace: "    seqs.push([name, seq > 0 ? seq + 1 : seq]);",
    },
  ],
};
