/** Where and of what a report was made. */
import { execFileSync } from "node:child_process";
import { cpus, loadavg, release, totalmem, type as system } from "node:os";

export interface Circumstances {
  readonly machine: string;
  readonly node: string;
  readonly commit: string;
  readonly date: string;
  readonly configuration: string;
  /** Load average of the last minute when the benchmark began: what else the machine was busy with. */
  readonly loadBefore: number;
}

export function circumstances(configuration: string): Circumstances {
  const cores = cpus();
  const memoryGib = Math.round(totalmem() / 2 ** 30);
  return {
    machine: `${cores.length} × ${cores[0]?.model.trim() ?? "unknown CPU"}, ${memoryGib} GiB, ${system()} ${release()}`,
    node: process.version,
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
    configuration,
    loadBefore: loadavg()[0],
  };
}

function commit(): string {
  try {
    const head = git("rev-parse", "--short=12", "HEAD");
    const changed = git("status", "--porcelain", "--untracked-files=no", "--", "src", "package.json");
    return changed === "" ? head : `${head} with local changes`;
  } catch (error) {
    return `unknown (${error instanceof Error ? error.message.split("\n")[0] : String(error)})`;
  }
}

function git(...args: string[]): string {
  return execFileSync("git", args, { cwd: import.meta.dirname, encoding: "utf8", stdio: "pipe" }).trim();
}
