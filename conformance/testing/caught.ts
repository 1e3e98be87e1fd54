/** What counts as catching a lie, and for which cases a liar is no judge. */
import type { Case } from "../case.ts";
import type { Context } from "../context.ts";
import type { CaseResult } from "../report.ts";

/** They are about how bytes are framed: the liar frames them anew, and is wrong in its own ways. */
export const byTransport = /^(framing|h2c)\//;

/** A case that was too slow has caught nothing, unless it waits for what a lie withholds. */
export function caughtBy(lie: string, { outcome, reason = "" }: Pick<CaseResult, "outcome" | "reason">): boolean {
  const isLate = /not over within|no answer within|nothing more came|timed out/.test(reason);
  return outcome === "failed" && (!isLate || lie === "streams-mute");
}

/** Those that need no server of their own, where there are keys. */
export function plainCases(cases: readonly Case[]): Case[] {
  const context = { target: { token: "key" }, command: undefined } as unknown as Context;
  return cases.filter(({ needs }) => needs?.(context) === undefined);
}
