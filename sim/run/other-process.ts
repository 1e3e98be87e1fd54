/** The same seeds again in another process, in another time zone and language: their hashes (spec 8.2, 9.4/12). */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Repeated {
  readonly profile: string;
  readonly seed: string;
  readonly ops: number;
}

/** In the order given. */
export async function hashesElsewhere(runs: readonly Repeated[]): Promise<string[]> {
  const extension = import.meta.filename.endsWith(".ts") ? "ts" : "js";
  const main = join(import.meta.dirname, `main.${extension}`);
  const loader = extension === "ts" ? ["--import", "ts-blank-space/register"] : [];
  const asked = runs.map(({ profile, seed, ops }) => `${profile}/${seed}/${ops}`).join();
  const { stdout } = await promisify(execFile)(process.execPath, [...loader, main, "--hashes", asked], {
    env: { PATH: process.env["PATH"], TZ: "Pacific/Chatham", LANG: "tr_TR.UTF-8", LC_ALL: "tr_TR.UTF-8" },
    maxBuffer: 64 << 20,
  });
  return stdout.trim().split("\n");
}

export function parseRepeated(text: string): Repeated[] {
  return text.split(",").map((one) => {
    const [profile = "", seed = "", ops = ""] = one.split("/");
    return { profile, seed, ops: Number(ops) };
  });
}
