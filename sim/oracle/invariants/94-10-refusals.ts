/** What makes no sense is refused with the status that it deserves; that it changes nothing the next look shows (9.4/10). */
import { Violation } from "../violation.ts";

const starting = 503;

export function isRefused(
  request: string,
  status: number,
  answer: { readonly status: number; readonly body: string },
): void {
  // A server that is not ready, or stopping, says so first.
  if (answer.status !== status && answer.status !== starting)
    throw new Violation("9.4/10", `${request} was answered ${answer.status} ${answer.body}`);
}
