import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 63,
  what: "the successor's header declares an end of its predecessor that is not synced",
  letters: ["S"],
  patches: [
    {
      file: "src/wal/begin-file.ts",
      search: `  if (known.position === scanned.end)
`,
      replace: `  if (known.position <= scanned.end)
`,
    },
  ],
};
