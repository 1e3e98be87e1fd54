import type { Control } from "../bug.ts";

export const control: Control = {
  name: "cache-size",
  what: "sealed blocks are cached in a third of the memory",
  patches: [
    {
      file: "src/topic/part-reads.ts",
      search: "new BlockCache<Kept>(cacheBytes, (kept)",
      replace: "new BlockCache<Kept>(Math.floor(cacheBytes / 3), (kept)",
    },
  ],
};
