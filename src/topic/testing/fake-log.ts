/**
 * A shard in memory whose every step the test takes: what is submitted is neither written nor synced before it says so.
 * Checks what a shard may rely on: dense operation numbers, rising stamps, payloads without 512 zero bytes.
 */
import { assert } from "../../base/assert.ts";
import { TopicsError } from "../../base/errors.ts";
import type { Commit, CommitLog, Draft, FrameFields, LogPlace } from "../../wal/commit.ts";

export interface LoggedFrame {
  readonly fields: FrameFields;
  readonly payload: Buffer;
}

export class FakeLog implements CommitLog {
  /** Frames that were not refused, in order. */
  readonly frames: LoggedFrame[] = [];
  /** Taken by `admit` before anything else, when it is there. */
  gate: Promise<void> | TopicsError | undefined;
  /** Writes (`written`) or syncs (`synced`) everything as soon as the submitter has returned to the event loop. */
  pace: "by hand" | "written" | "synced" = "by hand";
  submissions = 0;
  #pending: Commit[] = [];
  #unsynced: Commit[] = [];
  #planned = false;

  draft(fields: FrameFields, payloadBytes: number): Draft {
    return { fields, payload: Buffer.alloc(payloadBytes) };
  }

  submit(commit: Commit): void {
    const { fields, payload } = commit.draft;
    const before = this.frames.findLast((frame) => frame.fields.topicId === fields.topicId);
    assert(before === undefined || fields.op === before.fields.op + 1, "operation numbers are dense");
    assert(before === undefined || fields.stamp > before.fields.stamp, "stamps rise");
    assert(fields.firstSeq === 0 || fields.firstSeq + fields.count - 1 <= fields.ceiling, "seqs are below the ceiling");
    assert(longestZeroRun(payload) < 512, "no sector of a payload is all zero");
    this.submissions++;
    this.frames.push({ fields, payload: Buffer.from(payload) });
    this.#pending.push(commit);
    if (this.pace === "by hand" || this.#planned) return;
    this.#planned = true;
    queueMicrotask(() => {
      this.#planned = false;
      if (this.pace === "synced") this.sync();
      else this.write();
    });
  }

  requestSync(): void {
    this.sync();
  }

  admit(): Promise<void> | undefined {
    if (this.gate instanceof TopicsError) throw this.gate;
    return this.gate;
  }

  /** The n-th frame submitted, from 0, lies at position n of a file without end. */
  place(): LogPlace {
    return { index: 1, position: this.submissions };
  }

  get pending(): number {
    return this.#pending.length;
  }

  /** The kernel has everything submitted so far, or the first `count` of it. */
  write(count = this.#pending.length): void {
    const group = this.#pending.splice(0, count);
    this.#unsynced.push(...group);
    for (const commit of group) commit.written();
  }

  /** The device has everything submitted so far, or the first `count` frames that are not synced. */
  sync(count?: number): void {
    this.write(count === undefined ? undefined : Math.max(0, count - this.#unsynced.length));
    for (const commit of this.#unsynced.splice(0, count ?? this.#unsynced.length)) commit.synced();
  }

  /** The file is given up: what was acked goes on elsewhere and is synced there, the rest is refused. */
  fail(outcome: "refused" | "unknown" = "refused"): void {
    const all = [...this.#unsynced.splice(0), ...this.#pending.splice(0)];
    const refused = all.filter((commit) => !commit.acked);
    const gone = new Set(refused.map((commit) => commit.draft.fields));
    const kept = this.frames.filter((frame) => !gone.has(frame.fields));
    this.frames.splice(0, this.frames.length, ...kept);
    for (const commit of all) if (commit.acked) commit.synced();
    const detail = outcome === "unknown" ? { outcome } : { shard: 0 };
    for (const commit of refused) commit.failed(new TopicsError("wal_unavailable", "the disk is broken", detail));
  }
}

function longestZeroRun(bytes: Buffer): number {
  let longest = 0;
  let run = 0;
  for (const byte of bytes) {
    run = byte === 0 ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}
