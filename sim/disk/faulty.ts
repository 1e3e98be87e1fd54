/** What planted faults do to counts, bytes and names; the rest of a call is the same with and without one. */
import { errnoError } from "./errno.ts";
import type { Call } from "./call.ts";
import type { FaultEffect } from "./fault.ts";

/** Throws what the fault says the call fails with. */
export function failIfTold(call: Call, fault: FaultEffect | undefined): void {
  if (fault?.kind === "error") throw errnoError(fault.errno, call.name, call.path);
}

/** How many of `asked` bytes a read or write moves. */
export function shortened(asked: number, fault: FaultEffect | undefined): number {
  if (fault?.kind === "error") return Math.min(asked, fault.after ?? 0);
  if (fault?.kind !== "short") return asked;
  if (fault.take === "half") return asked >> 1;
  if (fault.take === "less") return Math.max(0, asked - 1);
  return Math.min(asked, fault.take);
}

export function flipped(bytes: Uint8Array, fault: FaultEffect | undefined): void {
  if (fault?.kind !== "flip" || bytes.byteLength === 0) return;
  const bit = fault.bit % (bytes.byteLength * 8);
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
}

export function misread(names: string[], fault: FaultEffect | undefined): string[] {
  if (fault?.kind === "missing") return names.filter((name) => name !== fault.name);
  if (fault?.kind === "junk") return [...names, fault.name];
  return names;
}
