/** The offline tools as an operator calls them: the built program, what it prints, and its exit code. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { program } from "./server.ts";

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly complaint: string;
}

export function tool(argv: readonly string[], environment: Readonly<Record<string, string>> = {}): Ended {
  const options = { env: { PATH: process.env["PATH"] ?? "", ...environment }, encoding: "utf8" } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...argv], options);
  return { code: status ?? -1, out: stdout, complaint: stderr };
}

/** Everything about a directory that a tool could change. */
export function fingerprint(directory: string): readonly string[] {
  return [".", ...readdirSync(directory)].sort().map((name) => {
    const path = join(directory, name);
    const { size, ino, mode, nlink, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    const isFile = name !== ".";
    const hash = isFile ? createHash("sha256").update(readFileSync(path)).digest("hex") : "";
    return [name, size, ino, mode, nlink, mtimeNs, ctimeNs, hash].join(" ");
  });
}
