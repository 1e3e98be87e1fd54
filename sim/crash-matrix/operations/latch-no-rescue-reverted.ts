/** A sync fails, and the rescue's, and both take back what they covered: what was acked is gone, and every start tells. */
import { latchNoRescue } from "../latch-no-rescue.ts";
import type { Operation } from "../operation.ts";

export const operation: Operation = latchNoRescue("latch-no-rescue-reverted", "EIO:B");
