/**
 * Memory for one payload in the making: fresh memory costs more than filling it, and the collector counts it. One is kept;
 * who finds it taken makes another.
 */
const mostKept = 1 << 20;
const least = 1 << 16;

let kept: Buffer | undefined;

/** To be given back when nothing refers to it any more. */
export function takeRoom(bytes: number): Buffer {
  const room = kept;
  kept = undefined;
  if (room !== undefined && room.length >= bytes) return room;
  return Buffer.allocUnsafeSlow(bytes <= least ? least : 2 ** Math.ceil(Math.log2(bytes)));
}

export function giveBackRoom(room: Buffer): void {
  if (room.length <= mostKept) kept = room;
}
