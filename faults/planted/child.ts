/**
 * One run of a tool in a process of its own, with what it prints read line by line: over as soon as a line says enough, when
 * the process ends, or when its time is up. Nothing is left running.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

export interface ChildOptions {
  readonly directory: string;
  /** A module of the copy, or of node_modules, and its arguments. */
  readonly argv: readonly string[];
  /** Of CPU: it is killed then, and when it takes ten times as long by the clock. */
  readonly seconds: number;
  /** Something but `undefined` ends the run. */
  readonly line?: (text: string) => string | undefined;
}

export type ChildEnd = { readonly cpuSeconds: number } & (
  | { readonly why: "line"; readonly said: string }
  | { readonly why: "exit"; readonly code: number | null; readonly out: string; readonly complaint: string }
  | { readonly why: "time"; readonly out: string }
);

const keptCharacters = 8 << 20;
const pollMs = 250;
const clockFactor = 10;
/** Linux counts in hundredths, whatever the kernel is built with. */
const ticksPerSecond = 100;

export function nodeArguments(argv: readonly string[]): string[] {
  return ["--import", "ts-blank-space/register", ...argv];
}

export async function runChild({ directory, argv, seconds, line }: ChildOptions): Promise<ChildEnd> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(TOPICS_|NODE_V8_COVERAGE)/.test(name));
  const child = spawn(process.execPath, nodeArguments(argv), {
    cwd: directory,
    env: Object.fromEntries(inherited),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let complaint = "";
  let said: string | undefined;
  let isLate = false;
  let cpuSeconds = 0;
  const started = Date.now();
  const timer = setInterval(() => {
    const clockSeconds = (Date.now() - started) / 1000;
    cpuSeconds = cpuSecondsOf(child.pid) ?? cpuSeconds;
    isLate = cpuSeconds > seconds || clockSeconds > seconds * clockFactor;
    if (isLate) child.kill("SIGKILL");
  }, pollMs);
  child.stderr.on("data", (data: Buffer) => {
    complaint = (complaint + data.toString()).slice(-keptCharacters);
  });
  createInterface({ input: child.stdout }).on("line", (text) => {
    out = `${out}${text}\n`.slice(-keptCharacters);
    if (said !== undefined) return;
    said = line?.(text);
    if (said === undefined) return;
    cpuSeconds = cpuSecondsOf(child.pid) ?? cpuSeconds;
    child.kill("SIGKILL");
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exit) => resolve(exit));
  });
  clearInterval(timer);
  if (said !== undefined) return { why: "line", said, cpuSeconds };
  return isLate ? { why: "time", out, cpuSeconds } : { why: "exit", code, out, complaint, cpuSeconds };
}

/** `undefined` when it is not running any more, or nobody says. */
function cpuSecondsOf(pid: number | undefined): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [, , , , , , , , , , , user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(user) + Number(system)) / ticksPerSecond;
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}
