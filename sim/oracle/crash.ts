/** What happened to a server between two looks at it, and what that may cost (spec 6.1, 6.5). */
import type { CommitClass } from "../../src/topic/config.ts";

export type Crash =
  /** Nothing: the server is looked at while it runs. */
  | "none"
  /** A clean stop. */
  | "clean"
  /** The process died; the kernel has every write. */
  | "kill"
  /** The machine lost its cache, or a failed sync made it worthless. */
  | "power"
  /** It was copied while it ran, and made anew from the copy: nothing but time is missing. */
  | "restored";

/** Whether what was acked in this class must be there afterwards, when nothing is known of a sync. */
export function keepsAcked(crash: Crash, durability: CommitClass): boolean {
  if (crash === "none") return true;
  if (durability === "ephemeral") return false;
  if (crash === "clean" || crash === "restored" || durability === "fsync") return true;
  return durability === "disk" && crash === "kill";
}

/** Whether seqs at the end of the log may be given up. */
export function mayLeaveHole(crash: Crash, durability: CommitClass): boolean {
  if (crash === "restored") return true;
  if (crash === "none" || durability === "fsync") return false;
  if (durability === "ephemeral") return true;
  if (crash === "clean") return false;
  return durability === "memory" || crash === "power";
}
