/** How most operations begin and what they wait for. */
import type { Machine } from "./machine.ts";

/** A server on a fresh directory. */
export async function started(machine: Machine): Promise<void> {
  await machine.start();
  await machine.judge("none");
}

/** Long enough for everything to be synced and marked: the oracle may count on it. */
export async function quiet(machine: Machine): Promise<void> {
  await machine.pass(500);
  machine.oracle.settle();
}

/** What an operation counts on. */
export function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`the operation does not do what it is for: ${what}`);
}
