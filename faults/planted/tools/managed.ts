/** `C*`: conformance that restarts and kills the server it looks at. There is no such mode yet, and the matrix says so. */
import type { Tool, Verdict } from "../tool.ts";

export const managed: Tool = {
  letter: "C*",
  command: "none yet",
  run: (): Promise<Verdict> =>
    Promise.resolve({ outcome: "absent", tool: "the conformance suite does not restart or kill its server yet" }),
};
