/**
 * An `fsync` ack before its sync has returned (spec 1.10/1, 8.1), seen at the ack itself and not only where a loss of power
 * happens to follow: the record's bytes may not be in a write to the log that the device does not have yet. What copies the
 * log, a backup, has its own time.
 */
import type { SimulatedDisk } from "../disk/disk.ts";
import { quietlyFind } from "../disk/place.ts";
import { Violation } from "../oracle/oracle.ts";

const log = /^\/data\/wal-[^/]+$/;

export function checkOnDevice(disk: SimulatedDisk, topic: string, data: string): void {
  const nodes = new Set(disk.files().flatMap((path) => (log.test(path) ? [quietlyFind(disk.state, path)] : [])));
  for (const write of disk.pending) {
    if (write.kind !== "write" || !nodes.has(write.file)) continue;
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
