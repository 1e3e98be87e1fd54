/** After a latch no further ack of `disk` or `fsync` comes from that shard (9.4/2). */
import type { CommitClass } from "../../../src/topic/config.ts";
import { Violation } from "../violation.ts";

export function mayAck(durability: CommitClass | undefined, isLatched: boolean): void {
  if (isLatched && (durability === "disk" || durability === "fsync"))
    throw new Violation("9.4/2", `an append of class ${durability} was acked by a shard that is read-only`);
}
