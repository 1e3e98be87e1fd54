import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 29,
  what: "the lock is taken while its owner lives",
  letters: ["F", "C*"],
  patches: [
    {
      file: "src/storage/lock.ts",
      search: `      if (!(await env.fs.tryLock(file))) throw busy(directory, await readText(file));
`,
      replace: `      await env.fs.tryLock(file);
`,
    },
  ],
};
