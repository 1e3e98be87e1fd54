/** The good ones among the checkpoints of a directory that is only read (spec 6.4, 6.6). */
import { type OpenedState, readState } from "../engine/kept-checkpoints.ts";
import type { Env } from "../env/env.ts";
import type { Manifest } from "../storage/manifest.ts";
import { damage } from "../storage/refusal.ts";

/** Oldest first. Refuses when there are some and none is good, and when one is missing. */
export async function readStates(
  env: Env,
  directory: string,
  { checkpoints, directoryId }: Manifest,
): Promise<OpenedState[]> {
  const states: OpenedState[] = [];
  for (const number of checkpoints) {
    const state = await readState(env, directory, directoryId, number);
    if (typeof state !== "string") states.push(state);
  }
  if (checkpoints.length > 0 && states.length === 0) throw damage("no checkpoint is readable", { file: directory });
  return states;
}
