/** What has been done to the disk of a process, and what of it has struck. */
import type { SimulatedDisk } from "../disk/disk.ts";
import type { Coverage } from "./coverage.ts";

const plentyBytes = 1 << 30;
const fullBytes = 100_000;
const changing = /^(write|datasync|syncDir|truncate|rename|open|unlink|link)/;

export class DiskTroubles {
  /** A sync has lied on this disk; a loss of power shows what of. */
  lied = false;
  readonly #coverage: Coverage;
  readonly #say: (what: string) => void;
  #planted = false;
  #short = false;
  #struck = false;
  #noted = false;

  constructor(coverage: Coverage, say: (what: string) => void) {
    this.#coverage = coverage;
    this.#say = say;
  }

  /** Nothing that was done can have spoilt anything in this process. */
  get isHealthy(): boolean {
    return !this.#planted && !this.#short;
  }

  /** A fault of a write or sync has struck this process: its page cache is no witness. */
  get struck(): boolean {
    return this.#struck;
  }

  /** A sync that failed a moment ago took the cache's word with it, and nothing on the disk tells of that (6.6). */
  get isUntold(): boolean {
    return this.#struck && !this.#noted;
  }

  newProcess(disk: SimulatedDisk): void {
    disk.injector.clear();
    if (this.#short) disk.setFreeBytes(plentyBytes);
    this.#planted = this.#short = this.#struck = this.#noted = false;
  }

  plant(disk: SimulatedDisk, fault: string): void {
    this.#planted = true;
    disk.injector.plant(fault);
  }

  setFreeBytes(disk: SimulatedDisk, freeBytes: number): void {
    this.#short = true;
    if (freeBytes < fullBytes) this.#say("the disk is full");
    disk.setFreeBytes(freeBytes);
  }

  /** Faults end; what they did stays. */
  mend(disk: SimulatedDisk): void {
    this.count(disk);
    disk.injector.clear();
    disk.gate.releaseHung();
    if (!this.#short) return;
    disk.setFreeBytes(plentyBytes);
    this.#say("the disk has room again");
  }

  /** The lock file is written to: a latch note, if anything has struck. */
  lockWritten(disk: SimulatedDisk): void {
    if (this.#planted && [...disk.injector.fired().values()].some((times) => times > 0)) this.#noted = true;
  }

  /** To be called before faults are cleared. */
  count(disk: SimulatedDisk): void {
    for (const [fault, times] of disk.injector.fired()) {
      if (times === 0) continue;
      const [what = fault] = fault.split("#");
      const effect = fault.split(":").slice(1).join(":").replaceAll(/\d+/g, "N");
      this.#coverage.count(`faults: ${what} ${effect}`, times);
      if (effect.startsWith("lie")) this.lied = true;
      else if (changing.test(fault)) this.#struck = true;
      if (effect.startsWith("hang")) this.#say("a sync that hung until somebody let it go");
    }
  }
}
