import type { Control } from "../bug.ts";

export const control: Control = {
  name: "shard-count",
  what: "servers that are not told otherwise have three shards",
  patches: [
    {
      file: "src/cli/settings.ts",
      search: "  return Math.min(cpus().length, 8);",
      replace: "  return cpus().length > 0 ? 3 : 8;",
    },
  ],
};
