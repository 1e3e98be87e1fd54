/**
 * Runs cases against a server, several at once, each within a bound of time and with names of its own. A case that
 * throws, runs out of time or leaves something behind has failed; the others go on. Results keep the order of the cases.
 */
import { randomBytes } from "node:crypto";
import { Skipped } from "./case.ts";
import type { Case, Profile } from "./case.ts";
import { Context } from "./context.ts";
import { Deadline } from "./deadline.ts";
import { asObject } from "./expect.ts";
import { Description } from "./openapi/description.ts";
import { summarise } from "./report.ts";
import type { CaseResult, Report } from "./report.ts";
import type { Target } from "./target.ts";
import type { Client } from "./transport/client.ts";
import { clientFor } from "./transport/connect.ts";

export interface RunOptions {
  readonly profile?: Profile | "all";
  /** Comma-separated: parts of an id, or sections. */
  readonly filter?: string;
  readonly parallel?: number;
  readonly caseTimeoutMs?: number;
  /** Starts a server that takes its settings from the environment; without it cases that need one are skipped. */
  readonly command?: string;
}

const defaultParallel = 8;
const defaultCaseTimeoutMs = 60_000;
const cleanUpTimeoutMs = 20_000;

export function selectCases(cases: readonly Case[], options: RunOptions): Case[] {
  const profile = options.profile ?? "all";
  const wanted = (options.filter ?? "").split(",").filter((part) => part !== "");
  return cases.filter(
    (each) =>
      (profile === "all" || each.profile === profile) &&
      (wanted.length === 0 || wanted.some((part) => each.id.includes(part) || each.section === part)),
  );
}

export async function runCases(target: Target, cases: readonly Case[], options: RunOptions = {}): Promise<Report> {
  const connections = clientFor(target);
  const description = options.profile === "core" ? undefined : await describedBy(connections);
  const client =
    description === undefined
      ? connections
      : connections.checked((method, path, reply) => description.check(method, path, reply));
  const run = `probe-${randomBytes(6).toString("hex")}`;
  const results: CaseResult[] = [];
  const queue = cases.entries();
  const worker = async (): Promise<void> => {
    for (const [index, each] of queue) {
      results[index] = await runCase(target, client, each, `${run}.${index}.`, options);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.max(1, options.parallel ?? defaultParallel) }, worker));
  } finally {
    connections.close();
  }
  return { url: target.url, summary: summarise(results), cases: results };
}

/** Where a server describes itself, every answer to a case is held against that (2.3); no other has to. */
async function describedBy(client: Client): Promise<Description | undefined> {
  const { status, json } = await client.send("GET", "/v0/openapi.json");
  if (status !== 200 || typeof json !== "object" || json === null) return undefined;
  const document = asObject(json, "/v0/openapi.json");
  return String(document["openapi"]).startsWith("3.1.") ? new Description(document) : undefined;
}

async function runCase(
  target: Target,
  client: Client,
  each: Case,
  prefix: string,
  options: RunOptions,
): Promise<CaseResult> {
  const timeoutMs = options.caseTimeoutMs ?? defaultCaseTimeoutMs;
  const deadline = new Deadline(timeoutMs);
  const context = new Context(target, client, prefix, deadline.signal, options.command);
  const started = performance.now();
  const verdict = await judge(each, context, timeoutMs);
  deadline.end();
  const cleaning = new Deadline(cleanUpTimeoutMs);
  const left = await context.cleanUp(cleaning.signal);
  cleaning.clear();
  const { id, section, profile, title } = each;
  const durationMs = performance.now() - started;
  if (verdict.outcome === "passed" && left.length > 0) {
    return { id, section, profile, title, outcome: "failed", reason: `left behind: ${left.join(", ")}`, durationMs };
  }
  return { id, section, profile, title, ...verdict, durationMs };
}

type Verdict = Pick<CaseResult, "outcome" | "reason">;

async function judge(each: Case, context: Context, timeoutMs: number): Promise<Verdict> {
  const missing = each.needs?.(context);
  if (missing !== undefined) return { outcome: "skipped", reason: missing };
  try {
    await Promise.race([each.run(context), timeout(context.signal, timeoutMs)]);
    return { outcome: "passed" };
  } catch (error) {
    if (error instanceof Skipped) return { outcome: "skipped", reason: error.message };
    return { outcome: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}

function timeout(signal: AbortSignal, timeoutMs: number): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener(
      "abort",
      () => {
        reject(new Error(`the case was not over within ${timeoutMs} ms`));
      },
      { once: true },
    );
  });
}
