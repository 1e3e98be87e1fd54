import type { Control } from "../bug.ts";

export const control: Control = {
  name: "slower-checkpoints",
  what: "checkpoints are due after half as much log again",
  patches: [
    {
      file: "src/engine/checkpointer.ts",
      search: "const due = logged >= config.checkpointBytes ||",
      replace: "const due = logged >= config.checkpointBytes * 1.5 ||",
    },
  ],
};
