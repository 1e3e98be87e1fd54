/** Dumps a delete file (spec 6.3). */
import type { Env } from "../../env/env.ts";
import { walkDeletes } from "../walk-deletes.ts";
import { damageLine, type Output, range, stampText } from "./line.ts";

export async function dumpDeletes(env: Env, path: string, output: Output): Promise<void> {
  const version = await walkDeletes(env, path, undefined, {
    header: ({ directoryId, file }) => output.line({ type: "delete-file", file, directoryId }),
    range: ({ part, block, first, last, bytes, stamp, op }, at) =>
      output.line({ type: "deleted", at, part, block, slots: range(first, last), bytes, stamp: stampText(stamp), op }),
    bad: (at, bytes, reason) => output.line(damageLine(at, bytes, reason)),
  });
  if (version !== undefined) output.line(damageLine(0, 0, version));
}
