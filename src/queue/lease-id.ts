/**
 * Lease ids, unique for ever (spec 5, 9.4/8): 64 random bits drawn by each process, and a number that it never gives twice.
 */
import type { Random } from "../env/env.ts";

const prefixBytes = 8;

export class LeaseIds {
  readonly prefix: string;
  #next = 1;

  constructor(random: Random) {
    this.prefix = Buffer.from(random.bytes(prefixBytes)).toString("hex");
  }

  /** The first of `count` numbers. */
  take(count: number): number {
    const first = this.#next;
    this.#next += count;
    return first;
  }
}

export function leaseIdText(prefix: string, number: number): string {
  return `lease_${prefix}${number.toString(16).padStart(12, "0")}`;
}

/** Whether a text could be a lease id at all. */
export function isLeaseId(text: string): boolean {
  return /^lease_[0-9a-fA-F]+$/.test(text);
}
