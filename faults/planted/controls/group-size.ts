import type { Control } from "../bug.ts";

export const control: Control = {
  name: "group-size",
  what: "one gathered write takes at most 320 KiB",
  patches: [
    {
      file: "src/wal/config.ts",
      search: "export const groupBytes = 1 << 20;",
      replace: "export const groupBytes = 320 << 10;",
    },
  ],
};
