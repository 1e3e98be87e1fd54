/**
 * `C` and `C*`: the conformance suite of the copy against the copy's own program, on sockets of loopback. `C` is everything:
 * first the cases that any running server will do for, then those with servers of their own. `C*` is the latter alone:
 * restarts, kills, other settings.
 */
import type { Context } from "../../../conformance/context.ts";
import { discoverCases } from "../../../conformance/discover.ts";
import { buildProgram } from "../build.ts";
import { runChild } from "../child.ts";
import { type Budget, firstLine, type Tool, type Verdict } from "../tool.ts";

interface Report {
  readonly cases: readonly { readonly id: string; readonly outcome: string; readonly reason?: string }[];
}

export const conformance: Tool = {
  letter: "C",
  command: "topics probe --spawn 'node dist/src/main.js'",
  run: async (directory, budget) => {
    const [plain, managed] = await caseIds();
    return probeAll(directory, [...chunks(plain, plainAtOnce), ...chunks(managed, managedAtOnce)], budget);
  },
};

export const managedConformance: Tool = {
  letter: "C*",
  command: "topics probe --spawn 'node dist/src/main.js' --filter CASES, those that restart, kill or configure servers",
  run: async (directory, budget) => probeAll(directory, chunks((await caseIds())[1], managedAtOnce), budget),
};

/** Cases of one run of the probe: those behind the first that fails need not be run. */
const plainAtOnce = 150;
const managedAtOnce = 12;

function chunks(ids: readonly string[], size: number): string[][] {
  return Array.from({ length: Math.ceil(ids.length / size) }, (_, at) => ids.slice(at * size, (at + 1) * size));
}

async function probeAll(directory: string, groups: readonly (readonly string[])[], budget: Budget): Promise<Verdict> {
  const program = buildProgram(directory);
  for (const ids of groups) {
    const verdict = await probe(directory, program, ids, budget);
    if (verdict.outcome !== "survived") return verdict;
  }
  return { outcome: "survived", tool: `conformance, ${groups.flat().length} cases` };
}

async function probe(
  directory: string,
  program: string,
  ids: readonly string[],
  { seconds }: Budget,
): Promise<Verdict> {
  const spawned = `exec '${process.execPath}' '${program}'`;
  const argv = ["conformance/main.ts", "--spawn", spawned, "--reporter", "json", "--filter", ids.join(",")];
  const end = await runChild({ directory, argv, seconds });
  if (end.why === "line") throw new Error("nobody listens to its lines");
  if (end.why === "time") return { outcome: "killed", tool: "conformance", by: "it hangs" };
  if (end.code === 2) {
    const what = firstLine(end.complaint);
    const isStart = /did not start|was not ready/.test(end.complaint);
    return isStart ? { outcome: "killed", tool: "conformance", by: what } : { outcome: "broken", tool: what };
  }
  const { cases } = JSON.parse(end.out) as Report;
  const failed = cases.filter(({ outcome }) => outcome === "failed");
  const [one] = failed;
  if (one === undefined) return { outcome: "survived", tool: `conformance, ${cases.length} cases` };
  const more = failed.length > 1 ? ` and ${failed.length - 1} more` : "";
  return { outcome: "killed", tool: "conformance", by: `${one.id}${more}`, seed: firstLine(one.reason ?? "") };
}

/** Those that any running server will do for, and those that need servers of their own. */
async function caseIds(): Promise<readonly [string[], string[]]> {
  const plain: string[] = [];
  const managed: string[] = [];
  for (const { id, needs } of await discoverCases()) (isManaged(needs) ? managed : plain).push(id);
  return [plain, managed];
}

function isManaged(needs: ((context: Context) => string | undefined) | undefined): boolean {
  const nowhere = { command: undefined, client: { target: {} } } as unknown as Context;
  try {
    return needs?.(nowhere)?.includes("--spawn") ?? false;
  } catch (error) {
    // Whatever else it asks a context for, it is not a server of its own.
    if (error instanceof TypeError) return false;
    throw error;
  }
}
