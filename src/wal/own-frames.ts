/** Frames that the WAL writes itself (spec 6.2): marks, clock values and the clean stop's final frame. */
import { type Commit, frameKind } from "./commit.ts";
import type { DraftArena } from "./draft-arena.ts";
import type { FrameDraft } from "./frame.ts";

export function ownFrame(arena: DraftArena, kind: "mark" | "final", stamp: number): FrameDraft {
  const fields = { kind: frameKind[kind], topicId: 0, epoch: 0, op: 0, stamp, firstSeq: 0, count: 0, ceiling: 0 };
  return arena.draft(fields, 0);
}

/** What becomes of an anchor frame. */
export interface AnchorNews {
  written(): void;
  synced(): void;
  failed(): void;
}

/** It is nobody's: nothing waits for it, and nothing that it says is new. */
export function anchorCommit(draft: FrameDraft, news: AnchorNews): Commit {
  let isWritten = false;
  return {
    draft,
    wants: "written",
    reserve: false,
    get acked() {
      return isWritten;
    },
    written: () => {
      isWritten = true;
      news.written();
    },
    synced: () => news.synced(),
    failed: () => news.failed(),
  };
}

/** A mark that says what time it is; `told` hears whether the kernel has it. */
export function timeCommit(draft: FrameDraft, told: (written: boolean) => void): Commit {
  return {
    draft,
    wants: "written",
    reserve: true,
    acked: false,
    written: () => told(true),
    synced: () => undefined,
    failed: () => told(false),
  };
}
