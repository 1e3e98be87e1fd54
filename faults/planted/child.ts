/**
 * One run of a tool in a process of its own, with what it prints read line by line: over as soon as a line says enough, when
 * the process ends, or when its time is up. Nothing is left running.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface ChildOptions {
  readonly directory: string;
  /** A module of the copy, or of node_modules, and its arguments. */
  readonly argv: readonly string[];
  /** It is killed then. */
  readonly seconds: number;
  /** Something but `undefined` ends the run. */
  readonly line?: (text: string) => string | undefined;
  readonly environment?: Readonly<Record<string, string>>;
}

export type ChildEnd =
  | { readonly why: "line"; readonly said: string }
  | { readonly why: "exit"; readonly code: number | null; readonly out: string; readonly complaint: string }
  | { readonly why: "time"; readonly out: string };

const keptCharacters = 4 << 20;

export function nodeArguments(argv: readonly string[]): string[] {
  return ["--import", "ts-blank-space/register", ...argv];
}

export async function runChild({ directory, argv, seconds, line, environment }: ChildOptions): Promise<ChildEnd> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(TOPICS_|NODE_V8_COVERAGE)/.test(name));
  const child = spawn(process.execPath, nodeArguments(argv), {
    cwd: directory,
    env: { ...Object.fromEntries(inherited), ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let complaint = "";
  let said: string | undefined;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, seconds * 1000);
  child.stderr.on("data", (data: Buffer) => {
    complaint = (complaint + data.toString()).slice(-keptCharacters);
  });
  createInterface({ input: child.stdout }).on("line", (text) => {
    out = `${out}${text}\n`.slice(-keptCharacters);
    if (said !== undefined) return;
    said = line?.(text);
    if (said !== undefined) child.kill("SIGKILL");
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exit) => resolve(exit));
  });
  clearTimeout(timer);
  if (said !== undefined) return { why: "line", said };
  return late ? { why: "time", out } : { why: "exit", code, out, complaint };
}
