/** What a shard answers when it can't (spec 6.1, 6.6). */
import { TopicsError } from "../base/errors.ts";
import { errnoOf } from "../env/env.ts";

export const readOnly = "is read-only after a disk error until the next start";
export const outOfSpace = "has no space left on its disk";

export function isSpace(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === "ENOSPC" || errno === "EDQUOT";
}

/** There is no file descriptor left: nothing has happened, and it passes (spec 9.2). */
export function isDescriptors(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === "EMFILE" || errno === "ENFILE";
}

/** What is left is kept for what must go on. */
export function noSpace(): Error {
  return Object.assign(new Error("the room that is left is kept"), { code: "ENOSPC" });
}

/** Definite: it is not committed and never will be. */
export function unavailable(shard: number, why: string): TopicsError {
  return new TopicsError("wal_unavailable", `WAL shard ${shard} ${why}`, { shard });
}

export function unknownOutcome(shard: number): TopicsError {
  const message = `WAL shard ${shard} failed; whether this is committed shows after a restart`;
  return new TopicsError("wal_unavailable", message, { shard, outcome: "unknown" });
}

export function busy(shard: number, why: string): TopicsError {
  return new TopicsError("throttled", `WAL shard ${shard} is busy: ${why}`, { retry_after_ms: 1000, shard });
}
