/** Why a server did not start, for the person who started it: what is wrong, and what would help. A bug keeps its stack. */
import { errnoOf } from "../env/env.ts";
import { StartRefusal } from "../storage/refusal.ts";

const listenHints: Readonly<Record<string, string>> = {
  EADDRINUSE: "another process listens there; choose another port with --port (0 takes any free one), or stop it",
  EADDRNOTAVAIL: "this machine has no such address",
  EACCES: "not permitted; ports below 1024 usually need more rights",
  ENOTFOUND: "there is no host of that name",
  EAI_AGAIN: "the name of the host could not be looked up",
};

export function startFailure(error: unknown): string {
  if (error instanceof StartRefusal) return `refused to start: ${error.message}`;
  if (!(error instanceof Error)) return String(error);
  const code = errnoOf(error) ?? errnoOf(error.cause);
  if (code === undefined) return error.stack ?? error.message;
  const hint = listenHints[code];
  const [what] = error.message.split(": ");
  return hint !== undefined && what.startsWith("cannot listen") ? `${what}: ${hint} (${code})` : error.message;
}
