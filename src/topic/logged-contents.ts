/** What the log of a topic leads to, for a checkpoint (spec 6.4): its contents, but for the records that are not sealed. */
import type { RememberedKey } from "./dedupe.ts";
import type { RebaseState } from "./entries.ts";

export interface CapturedTail {
  readonly count: number;
  readonly bytes: number;
  /** Its first live record; lower seqs are sealed, or gone. */
  readonly from: number;
}

export interface LoggedContents {
  readonly state: RebaseState;
  readonly tail: CapturedTail;
  readonly keys: readonly RememberedKey[];
  readonly sealedThrough: number;
  readonly front: { readonly seq: number; readonly ts: number };
  readonly loggedSeq: number;
}
