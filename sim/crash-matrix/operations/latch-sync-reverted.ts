/** A sync fails and the cache forgets what the sync covered. */
import { latchSync } from "../latch-sync.ts";
import type { Operation } from "../operation.ts";

export const operation: Operation = latchSync("latch-sync-reverted", "B");
