/** What a simulated disk holds, on the real one: for tools that are tried as they are used. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { SimulatedDisk } from "../../sim/disk/disk.ts";

export function copyOut(disk: SimulatedDisk, to: string): void {
  for (const path of disk.files()) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    writeFileSync(join(to, path), disk.contents(path));
  }
}
