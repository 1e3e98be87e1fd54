/**
 * Errors as answers (spec 2.2): the envelope `{ error: { code, message, detail? } }` and the headers that go with a
 * code. Whatever is not a `TopicsError` is a bug: it is reported as an event and answered without a word about it.
 */
import type { ErrorDetail } from "../base/errors.ts";
import { TopicsError } from "../base/errors.ts";
import { jsonText } from "./json-text.ts";
import type { Reply } from "./reply.ts";
import { utf8Reply } from "./reply.ts";

/** The client went away before its request was complete: there is nobody to answer, and nothing was done. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";
}

/** Its answer is the last one on its connection. */
export class EndOfConnection extends TopicsError {}

/** The request cannot be told from what follows on its connection (9.3): 400, and the connection ends. */
export class BrokenRequest extends EndOfConnection {}

export function errorReply(error: TopicsError): Reply {
  const { code, message, detail } = error;
  const text = jsonText({ error: { code, message: sentence(message, detail), detail } });
  const reply = utf8Reply(error.status, text, headersOf(error));
  return error instanceof EndOfConnection ? { ...reply, close: true } : reply;
}

/** Lower layers say of a field what is wrong with it ("is required"); a person wants to read of which. */
function sentence(message: string, detail: ErrorDetail | undefined): string {
  const field = detail?.["field"];
  if (typeof field !== "string" || field === "" || !/^[a-z]/.test(message) || message.startsWith(field)) return message;
  return `${field} ${message}`;
}

export function internalError(): TopicsError {
  return new TopicsError("internal", "Something went wrong on the server's side; its log says what.");
}

export function methodNotAllowed(method: string, path: string, allow: readonly string[]): Reply {
  const error = new TopicsError(
    "method_not_allowed",
    `${printable(method)} is not something ${printable(path)} can do; it takes ${allow.join(", ")}.`,
  );
  const reply = errorReply(error);
  return { ...reply, headers: ["Allow", allow.join(", ")] };
}

/** What stands behind it on the connection is not looked at any more. */
export function tooManyPipelined(max: number): TopicsError {
  const message = `There are ${max} requests on this connection that are not answered yet; the connection ends.`;
  return new EndOfConnection("throttled", message, { limit: "max_pipelined", max });
}

export function unknownPath(path: string): TopicsError {
  return new TopicsError(
    "not_found",
    `There is nothing at ${printable(path)}; the API is under /v0, for example /v0/topics.`,
  );
}

/** A piece of the request inside a message: short, and unable to start a line of its own or reorder one. */
export function printable(piece: string): string {
  const shown = piece.length > 80 ? `${piece.slice(0, 80)}…` : piece;
  return shown.replace(/[^\x20-\x7e…]/g, "?");
}

function headersOf(error: TopicsError): readonly string[] | undefined {
  if (error.status === 401) return ["WWW-Authenticate", "Bearer"];
  if (error.status !== 429 && error.status !== 503) return undefined;
  return ["Retry-After", String(retryAfterSeconds(error.detail))];
}

function retryAfterSeconds(detail: ErrorDetail | undefined): number {
  const ms = detail?.["retry_after_ms"];
  return typeof ms === "number" && ms > 0 ? Math.ceil(ms / 1000) : 1;
}
