/**
 * A rebase as it is read back (spec 6.1): its steps are kept aside until the last of them is there. One that a crash cut
 * short changes nothing: the topic is still what its log had made of it, records of its durable days included.
 */
import type { FrameFields, LogPlace } from "../wal/commit.ts";
import type { Contents } from "./contents.ts";
import { decodeEntry, type Entry, type RebaseStep } from "./entries.ts";
import type { RecordsEntry } from "./records-format.ts";

type Part = Extract<Entry, { kind: "rebase" | "records" }>;

export class ReadRebase {
  readonly #parts: { readonly stampMs: number; readonly firstSeq: number; readonly entry: Part }[] = [];
  #head = 0;

  /** Whether a frame belongs to a rebase, and not to what may follow an unfinished one. */
  static isPart(entry: Entry): entry is Part {
    return entry.kind === "rebase" || (entry.kind === "records" && entry.records.retained);
  }

  /** Why a frame cannot come next. */
  problem(fields: FrameFields, entry: Part): string | undefined {
    if (entry.kind === "rebase" && entry.step.step === "begin") return undefined;
    if (this.#parts.length === 0) return "a rebase goes on that never began";
    if (entry.kind === "records") {
      return fields.firstSeq <= this.#head ? `seq ${fields.firstSeq} follows head ${this.#head}` : undefined;
    }
    const endsLow = entry.step.step === "end" && entry.step.state.head < this.#head;
    return endsLow ? "a rebase ends below the head" : undefined;
  }

  /** Takes the next frame; `true` when it was the last. The payload's memory is used again. */
  take(fields: FrameFields, stampMs: number, payload: Uint8Array): boolean {
    const outcome = decodeEntry(fields.kind, Buffer.from(payload));
    if (!outcome.ok || !ReadRebase.isPart(outcome.entry)) return false;
    const { entry } = outcome;
    if (entry.kind === "records") this.#head = lastSeq(fields, entry.records);
    else if (entry.step.step === "begin") this.#begin(entry.step.state.head);
    this.#parts.push({ stampMs, firstSeq: fields.firstSeq, entry });
    return entry.kind === "rebase" && entry.step.step === "end";
  }

  /** Frames at or behind `place` hold all of it. */
  apply(contents: Contents, place: LogPlace): void {
    for (const { stampMs, firstSeq, entry } of this.#parts) {
      if (entry.kind === "records") contents.applyRecords(stampMs, firstSeq, entry.records, place);
      else applyStep(contents, stampMs, entry.step);
    }
  }

  eachRecords(visit: (firstSeq: number, entry: RecordsEntry) => void): void {
    for (const { firstSeq, entry } of this.#parts) if (entry.kind === "records") visit(firstSeq, entry.records);
  }

  /** An unfinished one before it counts for nothing. */
  #begin(head: number): void {
    this.#parts.length = 0;
    this.#head = head;
  }
}

function lastSeq({ firstSeq }: FrameFields, entry: RecordsEntry): number {
  return firstSeq + entry.seqDelta(entry.count - 1);
}

function applyStep(contents: Contents, stampMs: number, step: RebaseStep): void {
  switch (step.step) {
    case "begin":
      contents.beginRebase(stampMs, step.state);
      return;
    case "keys":
      contents.adoptKeys(stampMs, step.keys);
      return;
    case "end":
      contents.endRebase(stampMs, step.state);
  }
}
