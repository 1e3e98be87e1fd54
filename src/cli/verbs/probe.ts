/**
 * `topics probe`: the conformance suite (spec 8.5), a program of its own that knows nothing of this one. It stands beside
 * the sources and beside what is built of them.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { exitCode } from "../exit-code.ts";

const own = fileURLToPath(import.meta.url);
const program = fileURLToPath(new URL(`../../../conformance/main${extname(own)}`, import.meta.url));

export async function runProbe(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, program, ...args], { stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  return code ?? exitCode.usage;
}
