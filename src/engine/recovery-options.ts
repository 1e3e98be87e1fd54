/**
 * What a start is told that is not a server's (spec 6.7): of a copy that is to end like a clean stop, and of a directory that
 * goes back to an earlier moment.
 */
export interface RecoveryOptions {
  /** By shard, of a copy: whether the page cache held every write of the shard's last file where the copy was made. */
  readonly witnesses?: readonly boolean[] | undefined;
  /** Whatever lies behind a topic's head may have been assigned: gives the end of its hole `restored`. */
  readonly restoredTo?:
    ((topic: { readonly id: number; readonly name: string }, knownSeq: number) => number) | undefined;
}
