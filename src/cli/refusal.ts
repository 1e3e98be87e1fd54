/** Why an offline tool did nothing, for the person who asked, and the exit code that goes with it (spec 6.6). */
import { errnoOf } from "../env/env.ts";
import { NameTaken } from "../storage/new-directory.ts";
import { StartRefusal } from "../storage/refusal.ts";
import { exitCode } from "./exit-code.ts";

/** Rethrows what is a bug. */
export function toldRefusal(error: unknown): number {
  const message = messageOf(error);
  if (message === undefined) throw error;
  process.stderr.write(`topics: ${message}\n`);
  return error instanceof StartRefusal && error.kind === "damage" ? exitCode.damaged : exitCode.untold;
}

function messageOf(error: unknown): string | undefined {
  if (error instanceof StartRefusal) return error.message;
  if (error instanceof NameTaken) return `${error.message}, and not empty`;
  const errno = errnoOf(error);
  if (errno === undefined) return undefined;
  const path = (error as { readonly path?: unknown }).path;
  return typeof path === "string" ? `${errno}: ${path}` : (error as Error).message;
}
