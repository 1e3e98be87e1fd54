/** What a server may answer to anything at all (spec 2.2, 9.3): never a 5xx, always the envelope, always well framed. */
import { errorStatus } from "../../src/base/errors.ts";

export interface Reply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** Replies at the beginning of what was received, and whether the rest is another's beginning. Throws on what is no HTTP. */
export function repliesIn(received: Buffer, methods: readonly string[]): Reply[] {
  const replies: Reply[] = [];
  for (let at = 0; at < received.length;) {
    const end = received.indexOf("\r\n\r\n", at);
    if (end < 0) return replies;
    const [line, ...lines] = received.subarray(at, end).toString("latin1").split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(`${line} `)?.[1]);
    if (Number.isNaN(status)) throw new Error(`not a status line: ${JSON.stringify(line.slice(0, 80))}`);
    const headers = new Map(lines.map(split));
    at = end + 4;
    if (status === 100) continue;
    if (status === 101) return [...replies, { status, headers, body: Buffer.alloc(0) }];
    const isHead = methods[replies.length] === "HEAD";
    const body = isHead || status === 204 ? { bytes: Buffer.alloc(0), end: at } : bodyAt(received, at, headers);
    if (body === undefined) return replies;
    replies.push({ status, headers, body: body.bytes });
    at = body.end;
  }
  return replies;
}

/** Says what is wrong with an answer; `undefined` when it is one that may be given. */
export function wrongWith({ status, headers, body }: Reply): string | undefined {
  if (status >= 500) return `status ${status}: ${body.toString("utf8").slice(0, 300)}`;
  const type = headers.get("content-type") ?? "";
  if (status === 101 || status === 204 || type.startsWith("text/") || headers.has("content-encoding")) return undefined;
  if (body.length === 0) return undefined;
  const answer = parsed(body);
  if (answer === undefined)
    return `status ${status} with a body that is no JSON: ${body.toString("utf8").slice(0, 80)}`;
  const { error } = answer;
  if (status < 400) return error === undefined ? undefined : `an error with status ${status}`;
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code !== "string" || typeof message !== "string") return `status ${status} without the envelope`;
  if ((errorStatus as Readonly<Record<string, number>>)[code] !== status) return `code ${code} with status ${status}`;
  return /\n\s+at |node:internal|\/src\/|fuzz-key/.test(message)
    ? `a message that tells too much: ${message}`
    : undefined;
}

function parsed(body: Buffer): { readonly error?: unknown } | undefined {
  try {
    return JSON.parse(body.toString("utf8")) as { readonly error?: unknown };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function split(line: string): [string, string] {
  const colon = line.indexOf(":");
  if (colon < 1) throw new Error(`not a header: ${JSON.stringify(line.slice(0, 80))}`);
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

function bodyAt(
  received: Buffer,
  at: number,
  headers: ReadonlyMap<string, string>,
): { bytes: Buffer; end: number } | undefined {
  if (headers.get("transfer-encoding") !== "chunked") {
    const end = at + Number(headers.get("content-length"));
    if (Number.isNaN(end)) throw new Error("an answer without a length");
    return end <= received.length ? { bytes: received.subarray(at, end), end } : undefined;
  }
  const parts: Buffer[] = [];
  for (let from = at; ;) {
    const line = received.indexOf("\r\n", from);
    if (line < 0) return undefined;
    const size = Number.parseInt(received.subarray(from, line).toString("latin1"), 16);
    if (Number.isNaN(size)) throw new Error("a chunk without a size");
    if (line + 4 + size > received.length) return undefined;
    if (size === 0) return { bytes: Buffer.concat(parts), end: line + 4 };
    parts.push(received.subarray(line + 2, line + 2 + size));
    from = line + 4 + size;
  }
}
