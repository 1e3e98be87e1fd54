/**
 * Recovery of a topic that a checkpoint holds (spec 6.4, 6.5). The checkpoint has everything up to an operation number but
 * the records of the tail. Frames up to that number give the tail back, and nothing else; the ones behind it are replayed
 * like any other. What the tail has to be in the end is in the checkpoint too, so that a log that lacks something, or a
 * checkpoint that does not belong to it, is found out.
 */
import type { FrameFields, LogPlace } from "../wal/commit.ts";
import type { Contents } from "./contents.ts";
import type { Entry } from "./entries.ts";
import type { CapturedTail } from "./logged-contents.ts";
import type { ReadRebase } from "./read-rebase.ts";
import type { RecordsEntry } from "./records-format.ts";

export class Resume {
  /** The last operation that the checkpoint has. */
  readonly op: number;
  readonly #tail: CapturedTail;
  #seen = 0;

  constructor(op: number, tail: CapturedTail) {
    this.op = op;
    this.#tail = tail;
  }

  /** Why the frame cannot be there; `undefined` when it was taken. */
  take(
    contents: Contents,
    fields: FrameFields,
    entry: Entry,
    place: LogPlace,
    rebase: ReadRebase | undefined,
  ): string | undefined {
    if (this.#seen !== 0 && fields.op !== this.#seen + 1)
      return `operation ${fields.op} follows operation ${this.#seen}`;
    this.#seen = fields.op;
    if (rebase !== undefined)
      rebase.eachRecords((firstSeq, records) => this.#append(contents, firstSeq, records, place));
    else if (entry.kind === "records" && !entry.records.retained)
      this.#append(contents, fields.firstSeq, entry.records, place);
    else if (entry.kind === "lease") contents.resumeRemoval(entry.change.removed);
    else if (entry.kind === "recordsDelete" && entry.what.match !== undefined) contents.resumeDelete(entry.what);
    return undefined;
  }

  /** Why what was found is not what the checkpoint says. */
  problem({ retained }: Contents): string | undefined {
    if (this.#seen !== 0 && this.#seen !== this.op)
      return `the log ends at operation ${this.#seen}, before operation ${this.op} of its checkpoint`;
    const { count, bytes } = retained.tail;
    return count === this.#tail.count && bytes === this.#tail.bytes
      ? undefined
      : `the log has ${count} records, where its checkpoint speaks of ${this.#tail.count}`;
  }

  #append(contents: Contents, firstSeq: number, entry: RecordsEntry, place: LogPlace): void {
    let start = 0;
    while (start < entry.count && firstSeq + entry.seqDelta(start) < this.#tail.from) start++;
    if (start < entry.count) contents.resumeRecords(firstSeq, entry, place, start);
  }
}
