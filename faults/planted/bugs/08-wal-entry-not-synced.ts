import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 8,
  what: "does not sync the directory after creating a WAL file",
  letters: ["S"],
  patches: [
    {
      file: "src/wal/wal-file.ts",
      search: `    await env.fs.syncDir(directory);
`,
      replace: "",
    },
  ],
};
