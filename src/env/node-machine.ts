/** Facts about the machine and this process (env.ts). The boot id decides whether the page cache is a witness (spec 6.5). */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Machine } from "./env.ts";

export class NodeMachine implements Machine {
  readonly cpus = availableParallelism();
  readonly pid = process.pid;
  readonly bootId = readBootId();
}

/** Empty where it can't be known: recovery then assumes that power was lost. */
function readBootId(): string {
  try {
    if (process.platform === "linux") return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    if (process.platform === "darwin") {
      return execFileSync("/usr/sbin/sysctl", ["-n", "kern.bootsessionuuid"], { encoding: "latin1" }).trim();
    }
    return "";
  } catch {
    return "";
  }
}
