import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 49,
  what: "the prefixes of a key are held against the path only",
  letters: ["C"],
  patches: [
    {
      file: "src/http/auth/grant.ts",
      search: `    if (this.covers(name)) return;
`,
      replace: `    if (field !== undefined || this.covers(name)) return;
`,
    },
  ],
};
