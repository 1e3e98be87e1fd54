/** A failed case on one line, with the command that repeats it. */
import type { Failure } from "./matrix.ts";

export function describeFailure({ id, error, call }: Failure): string {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return `FAILED ${id} (before ${call}) ${message} — npm run matrix -- --only '${id}'`;
}
