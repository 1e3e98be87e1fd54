/** Waiting for room in the shard's queue. Whoever waited looks at everything anew: the topic may have changed meanwhile. */
import { TopicsError } from "../base/errors.ts";
import { frameOverheadBytes, type Instance } from "./instance.ts";

/** What a small entry takes: the largest has a name, a predicate or a configuration in it. */
export const smallEntryBytes = 4096;

/** `undefined` when nothing stands in the way of staging `bytes` now; otherwise what to wait for. Throws refusals. */
export function admission(
  topic: Instance,
  bytes: number,
  options: { readonly reserve: boolean; readonly patient: boolean },
): Promise<void> | undefined {
  topic.assertThere();
  return topic.barrier ?? topic.deps.log.admit(bytes + frameOverheadBytes, options);
}

/** For the holder of the barrier, whom nobody else's staging can surprise. */
export async function admitted(topic: Instance, bytes: number): Promise<void> {
  for (;;) {
    const wait = topic.deps.log.admit(bytes + frameOverheadBytes, { reserve: false, patient: true });
    if (wait === undefined) return;
    await wait;
  }
}

/** For what can as well be done later. */
export function admitsNow(topic: Instance, bytes: number): boolean {
  try {
    const wait = topic.deps.log.admit(bytes + frameOverheadBytes, { reserve: false, patient: false });
    return wait === undefined;
  } catch (error) {
    if (error instanceof TopicsError) return false;
    throw error;
  }
}
