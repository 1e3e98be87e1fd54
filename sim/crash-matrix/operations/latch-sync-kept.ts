/** A sync fails and the cache keeps what never reaches the device. */
import { latchSync } from "../latch-sync.ts";
import type { Operation } from "../operation.ts";

export const operation: Operation = latchSync("latch-sync-kept", "A");
