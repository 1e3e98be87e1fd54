/** A sync fails, and the rescue's; what they covered may still reach the device. */
import { latchNoRescue } from "../latch-no-rescue.ts";
import type { Operation } from "../operation.ts";

export const operation: Operation = latchNoRescue("latch-no-rescue", "EIO");
