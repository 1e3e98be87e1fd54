import type { Control } from "../bug.ts";

export const control: Control = {
  name: "file-size",
  what: "spare files are two thirds of a file long instead of half",
  patches: [
    {
      file: "src/wal/space.ts",
      search: "Math.floor(this.#deps.config.fileBytes / 2)",
      replace: "Math.floor((this.#deps.config.fileBytes * 2) / 3 / 4096) * 4096",
    },
  ],
};
