/**
 * An `fsync` ack before its sync has returned (spec 1.10/1, 8.1), seen at the ack itself and not only where a loss of power
 * happens to follow: the record's bytes may not be in a write to the log that the device does not have yet.
 */
import type { SimulatedDisk } from "../disk/disk.ts";
import { Violation } from "../oracle/oracle.ts";

export function checkOnDevice(disk: SimulatedDisk, topic: string, data: string): void {
  if (hasLied(disk)) return;
  for (const write of disk.pending) {
    if (write.kind !== "write") continue;
    const { image, imageStart, position, length } = write;
    const from = position - imageStart;
    const bytes = Buffer.from(image.buffer, image.byteOffset + from, Math.min(length, image.byteLength - from));
    if (bytes.includes(data))
      throw new Violation(
        "1.10/1",
        `an append to ${topic} is acked at fsync, and not on the device: ${data.slice(0, 60)}`,
      );
  }
}

/** A sync has reported success and done nothing: no server can know. */
function hasLied({ injector }: SimulatedDisk): boolean {
  return [...injector.fired()].some(([fault, times]) => times > 0 && /^datasync.*:lie/.test(fault));
}
