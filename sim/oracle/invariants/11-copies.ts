/** Copies that a router makes come in the source's order, none skipped, none twice, and no seq has two meanings (1.10/11). */
import type { Crash } from "../crash.ts";
import { Violation } from "../violation.ts";

/** `wrong`: what a look at a destination says against its sources. */
export function inSourceOrder(topic: string, crash: Crash, wrong: string | undefined): void {
  if (wrong === undefined) return;
  throw new Violation(
    "1.10/11",
    `copies come in order, none skipped, none twice; topic ${topic} after ${crash}: ${wrong}`,
  );
}

/** `second`: what a seq was before, when a reader has got something else by it. */
export function oneMeaning(topic: string, second: string | undefined): void {
  if (second !== undefined) throw new Violation("1.10/11", `no seq has two meanings; topic ${topic}: ${second}`);
}
