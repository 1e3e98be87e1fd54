/**
 * Assertions of the cases. A failure is one sentence: what was looked at, what the contract wants, what came; and for
 * a reply also the request and the beginning of its body, so that it can be judged without running anything again.
 */
import { inspect, isDeepStrictEqual } from "node:util";
import type { Reply } from "./transport/reply.ts";

export class Failure extends Error {
  override readonly name = "Failure";
}

const maxShownChars = 300;

function shorten(text: string): string {
  return text.length <= maxShownChars ? text : `${text.slice(0, maxShownChars)}… (${text.length} characters)`;
}

function show(value: unknown): string {
  return shorten(inspect(value, { depth: 6, breakLength: Infinity, maxStringLength: maxShownChars }));
}

/** The exchange as one line. */
export function describe(reply: Reply): string {
  return `${reply.request} → ${reply.status} ${shorten(reply.text)}`;
}

export function fail(message: string): never {
  throw new Failure(message);
}

export function truth(condition: boolean, message: string): asserts condition {
  if (!condition) fail(message);
}

export function equal(actual: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(actual, expected)) fail(`${what}: expected ${show(expected)}, got ${show(actual)}`);
}

export function oneOf(actual: unknown, expected: readonly unknown[], what: string): void {
  if (!expected.some((each) => isDeepStrictEqual(actual, each))) {
    fail(`${what}: expected one of ${show(expected)}, got ${show(actual)}`);
  }
}

export function finite(actual: unknown, what: string): number {
  if (typeof actual !== "number" || !Number.isFinite(actual) || actual < 0) {
    fail(`${what}: expected a number that is not negative, got ${show(actual)}`);
  }
  return actual;
}

/** A whole number of milliseconds since the epoch, or a count. */
export function whole(actual: unknown, what: string): number {
  if (!Number.isSafeInteger(finite(actual, what))) fail(`${what}: expected a whole number, got ${show(actual)}`);
  return actual as number;
}

export function contains(text: string, part: string, what: string): void {
  if (!text.includes(part)) fail(`${what}: expected ${show(part)} in ${show(text)}`);
}

/** The named members of an object that may have more: unknown fields are always allowed (2.1). */
export function members(actual: unknown, expected: Readonly<Record<string, unknown>>, what: string): void {
  const object = asObject(actual, what);
  for (const [key, value] of Object.entries(expected)) equal(object[key], value, `${what}.${key}`);
}

export function asObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    fail(`${what}: expected an object, got ${show(value)}`);
  }
  return value as Readonly<Record<string, unknown>>;
}

export function status(reply: Reply, ...expected: readonly number[]): void {
  if (!expected.includes(reply.status)) fail(`expected status ${expected.join(" or ")}: ${describe(reply)}`);
}

/** A success with a bare body (2.1): its parsed JSON. */
export function ok<T>(reply: Reply, ...expected: readonly number[]): T {
  status(reply, ...(expected.length === 0 ? [200] : expected));
  const body = asObject(reply.json, `body of ${describe(reply)}`);
  if ("error" in body) fail(`a success carries no error key: ${describe(reply)}`);
  return body as T;
}

export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** The error envelope of 2.1; `detail` is `{}` when there is none. */
export function envelope(reply: Reply): WireError {
  const body = asObject(reply.json, `error body of ${describe(reply)}`);
  const error = asObject(body["error"], `error of ${describe(reply)}`);
  const { code, message, detail } = error;
  if (typeof code !== "string" || typeof message !== "string" || message === "") {
    fail(`an error has a code and a message: ${describe(reply)}`);
  }
  return { code, message, detail: detail === undefined ? {} : asObject(detail, `detail of ${describe(reply)}`) };
}

/** An error of 2.2: status and code; returns its detail. */
export function error(reply: Reply, expectedStatus: number, code: string): WireError["detail"] {
  status(reply, expectedStatus);
  const found = envelope(reply);
  if (found.code !== code) fail(`expected code ${code}: ${describe(reply)}`);
  return found.detail;
}

export function invalid(reply: Reply): WireError["detail"] {
  return error(reply, 400, "invalid_request");
}
