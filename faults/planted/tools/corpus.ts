/** `F`: the fault corpus, and every other test of faults/ that needs no built program, one after another to the first that fails. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { runChild } from "../child.ts";
import { type Budget, firstLine, type Tool, type Verdict } from "../tool.ts";

/** Processes, and the server that is fuzzed, need `dist/`; planted bugs are what this is for. */
const leftOut = /^(process|fuzz|planted|testdata|node_modules)$/;

export const corpus: Tool = {
  letter: "F",
  command: "npm run mocha -- --bail faults/**/*.test.ts, without faults/process and faults/fuzz",
  run: async (directory: string, { seconds }: Budget): Promise<Verdict> => {
    const files = testFiles(directory);
    const mocha = "node_modules/mocha/bin/_mocha";
    const argv = [mocha, "--no-config", "--timeout", "60000", "--bail", "--reporter", "json-stream", ...files];
    let tests = 0;
    const end = await runChild({
      directory,
      argv,
      seconds,
      line: (text) => {
        if (text.startsWith('["pass"')) tests++;
        return text.startsWith('["fail"') ? text : undefined;
      },
    });
    const { cpuSeconds } = end;
    if (end.why === "line") {
      const [, failed] = JSON.parse(end.said) as [string, { fullTitle: string; err: string }];
      return {
        outcome: "killed",
        tool: "fault corpus",
        by: firstLine(failed.fullTitle),
        seed: firstLine(failed.err),
        cpuSeconds,
      };
    }
    if (end.why === "time")
      return { outcome: "survived", tool: `fault corpus, ${tests} tests in ${seconds} s`, cpuSeconds };
    if (end.code === 0) return { outcome: "survived", tool: `fault corpus, ${tests} tests`, cpuSeconds };
    const error = firstLine(end.complaint.split("\n").find((line) => /Error/.test(line)) ?? end.complaint);
    return tests === 0
      ? { outcome: "broken", tool: `fault corpus: ${error}` }
      : { outcome: "killed", tool: "fault corpus", by: `the process ends: ${error}` };
  },
};

/** The corpus first: a case of it names the fault. */
function testFiles(directory: string): string[] {
  const found: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(directory, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!leftOut.test(entry.name)) walk(path);
      } else if (entry.name.endsWith(".test.ts")) found.push(path);
    }
  };
  walk("faults");
  const first = "faults/corpus.test.ts";
  const rest = found.filter((path) => path !== first).sort();
  return existsSync(join(directory, first)) ? [first, ...rest] : rest;
}
