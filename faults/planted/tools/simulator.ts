/** `S`: the simulator and the crash matrix, in one process of the copy (drivers/simulate.ts). */
import { runChild } from "../child.ts";
import type { Told } from "../drivers/simulate.ts";
import { type Budget, firstLine, type Tool, type Verdict } from "../tool.ts";

export const simulator: Tool = {
  letter: "S",
  command: "npm run sim -- --seed 1…, and --kept all; npm run matrix -- --sample 6, then 30",
  run: async (directory: string, { seconds }: Budget): Promise<Verdict> => {
    // A seed, or an operation's images, may well outlast the budget; what does not end at all is a hang.
    const end = await runChild({
      directory,
      argv: ["faults/planted/drivers/simulate.ts", String(seconds)],
      seconds: seconds * 1.5 + 30,
    });
    const cpuSeconds = end.cpuSeconds;
    if (end.why === "line") throw new Error("nobody listens to its lines");
    if (end.why === "time") return { outcome: "killed", tool: "simulator", by: "it hangs", cpuSeconds };
    const line = end.out.split("\n").findLast((text) => text.startsWith("{"));
    if (line === undefined) {
      const error = firstLine(end.complaint.split("\n").find((text) => /Error/.test(text)) ?? end.complaint);
      const isBroken = /SyntaxError|ERR_MODULE_NOT_FOUND/.test(end.complaint);
      if (isBroken) return { outcome: "broken", tool: `simulator: ${error}` };
      return { outcome: "killed", tool: "simulator", by: `the process ends: ${error}`, cpuSeconds };
    }
    const { found, seeds, images } = JSON.parse(line) as Told;
    if (found === undefined) return { outcome: "survived", tool: `${seeds} seeds, ${images} crash images`, cpuSeconds };
    return { outcome: "killed", ...found, by: firstLine(found.by), cpuSeconds };
  },
};
