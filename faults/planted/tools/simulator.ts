/**
 * `S`: seeds of all profiles, then the crash matrix with growing samples, in turns: what a bug costs differs a lot between
 * them. No run is made for a bug: all operations, all profiles, seeds from 1 on.
 */
import { runChild } from "../child.ts";
import { type Budget, firstLine, type Tool, type Verdict } from "../tool.ts";

type Round =
  | { readonly kind: "seeds"; readonly from: number; readonly share: number }
  | { readonly kind: "matrix"; readonly sample: number; readonly seeds: number; readonly share: number };

/** Shares of the budget; seeds go on where they stopped, roughly. */
const rounds: readonly Round[] = [
  { kind: "seeds", from: 1, share: 0.1 },
  { kind: "matrix", sample: 6, seeds: 1, share: 0.25 },
  { kind: "seeds", from: 2001, share: 0.25 },
  { kind: "matrix", sample: 30, seeds: 2, share: 0.4 },
];
/** A single seed, image or run of an operation takes no longer unless it hangs. */
const graceSeconds = 30;

export const simulator: Tool = {
  letter: "S",
  command: "npm run sim -- --for …; npm run matrix -- --sample 6, then 30",
  run: async (directory: string, { seconds }: Budget): Promise<Verdict> => {
    for (const round of rounds) {
      const limit = seconds * round.share;
      const verdict = await (round.kind === "seeds"
        ? playSeeds(directory, round.from, limit)
        : matrix(directory, round, limit));
      if (verdict !== undefined) return verdict;
    }
    return { outcome: "survived", tool: "simulator, crash matrix" };
  },
};

async function playSeeds(directory: string, from: number, seconds: number): Promise<Verdict | undefined> {
  const tool = "simulator";
  const argv = [
    "sim/run/main.ts",
    "--for",
    `${Math.ceil(seconds)}s`,
    "--from",
    `${from}`,
    "--failures",
    "1",
    "--no-shrink",
  ];
  const end = await runChild({
    directory,
    argv,
    seconds: seconds + graceSeconds,
    line: (text) => (/^(seed \S+, profile \S+ fails: |FAILED seed )/.test(text) ? text : undefined),
  });
  if (end.why === "time") return { outcome: "killed", tool, by: "it hangs" };
  if (end.why === "line") {
    const [, seed = "", profile = "", what = ""] = /seed (\S+), profile (\S+?):? (.*)/.exec(end.said) ?? [];
    return { outcome: "killed", tool, by: firstLine(what.replace(/^fails: /, "")), seed: `${seed}, ${profile}` };
  }
  if (end.code === 0) return undefined;
  return crashed(tool, end.complaint, end.out.includes("operations a second"));
}

async function matrix(
  directory: string,
  { sample, seeds }: Extract<Round, { kind: "matrix" }>,
  seconds: number,
): Promise<Verdict | undefined> {
  const tool = "crash matrix";
  const argv = ["sim/crash-matrix/main.ts", "--sample", `${sample}`, "--seeds", `${seeds}`, "--failures", "1"];
  let heard = 0;
  const end = await runChild({
    directory,
    argv,
    seconds,
    line: (text) => {
      heard++;
      return text.startsWith("FAILED ") ? text : undefined;
    },
  });
  // Its time is up: what it has tried so far was all right, unless it got nowhere.
  if (end.why === "time")
    return heard === 0 && seconds > graceSeconds ? { outcome: "killed", tool, by: "it hangs" } : undefined;
  if (end.why === "line") {
    const [, id = "", what = ""] = /^FAILED (\S+) \(before [^]*?\) ([^]*)$/.exec(end.said) ?? [];
    return { outcome: "killed", tool, by: firstLine(what.replace(/ — npm run.*$/, "")), seed: id };
  }
  return end.code === 0 ? undefined : crashed(tool, end.complaint, heard > 0);
}

/** The process ended in a way that no run of the tree as it is ends. */
function crashed(tool: string, complaint: string, begun: boolean): Verdict {
  const error = complaint.split("\n").find((line) => /Error/.test(line)) ?? complaint;
  if (!begun && /SyntaxError|ERR_MODULE_NOT_FOUND/.test(complaint))
    return { outcome: "broken", tool: `${tool}: ${firstLine(error)}` };
  return { outcome: "killed", tool, by: `the process ends: ${firstLine(error)}` };
}
