import type { Control } from "../bug.ts";

export const control: Control = {
  name: "shard-count",
  what: "servers that are not told otherwise have three shards: in the crash matrix, the corpus and by default",
  patches: [
    {
      file: "src/cli/settings.ts",
      search: "  return Math.min(cpus().length, 8);",
      replace: "  return cpus().length > 0 ? 3 : 8;",
    },
    {
      file: "sim/crash-matrix/machine.ts",
      search: "export const defaultServer: ServerConfig = { shards: 2, wal: smallFiles };",
      replace: "export const defaultServer: ServerConfig = { shards: 3, wal: smallFiles };",
    },
    {
      file: "faults/engine-run.ts",
      search: "    shards: options.shards ?? 2,",
      replace: "    shards: options.shards ?? 3,",
    },
  ],
};
