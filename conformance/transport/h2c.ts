/**
 * HTTP/2 with prior knowledge (spec 7.6): requests side by side on a few connections, and an answer without an end on one
 * of its own.
 */
import {
  type ClientHttp2Session,
  connect,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from "node:http2";
import type { Target } from "../target.ts";
import { authorization, type Exchange, type Request } from "./client.ts";
import type { OpenAnswer } from "./open-answer.ts";
import { makeReply, type Reply } from "./reply.ts";

/** Well below what servers allow on one connection: long polls take places. */
const mostStreams = 32;
/** In millions of bytes. Bodies that a server refuses half-way stay in Node's count for ever. */
const maxSessionMemory = 10_000;

type Head = IncomingHttpHeaders & IncomingHttpStatusHeader;

interface Session {
  readonly session: ClientHttp2Session;
  streams: number;
}

export class H2cExchange implements Exchange {
  readonly #target: Target;
  readonly #sessions = new Set<Session>();

  constructor(target: Target) {
    this.#target = target;
  }

  async exchange(request: Request): Promise<Reply> {
    for (;;) {
      const outcome = await this.#once(request);
      if (outcome !== "stale") return outcome;
    }
  }

  close(): void {
    for (const { session } of this.#sessions) session.destroy();
  }

  /** `stale`: the server had left before it took this request; another connection may be tried. */
  #once(request: Request): Promise<"stale" | Reply> {
    const { method, path, headers, bytes, signal, summary } = request;
    const [found, isFresh] = this.#session();
    found.streams++;
    const stream = found.session.request(
      { ":method": method, ":path": path, ...headers },
      { endStream: bytes === undefined },
    );
    const abort = (): void => stream.close(constants.NGHTTP2_CANCEL);
    signal.addEventListener("abort", abort, { once: true });
    return new Promise<"stale" | Reply>((resolve, reject) => {
      const chunks: Buffer[] = [];
      let head: Head | undefined;
      stream.on("response", (received) => (head = received));
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("error", (error) => {
        if (head !== undefined || isFresh || signal.aborted) reject(error as Error);
      });
      stream.on("close", () => {
        if (head !== undefined && stream.rstCode === constants.NGHTTP2_NO_ERROR)
          resolve(makeReply(summary, head[":status"] ?? 0, plain(head), Buffer.concat(chunks)));
        const isRefused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM || found.session.destroyed;
        if (head === undefined && !isFresh && !signal.aborted && isRefused) resolve("stale");
        else reject(new Error(`the stream was closed with ${stream.rstCode ?? "no code"} before the answer's end`));
      });
      if (bytes !== undefined) stream.end(bytes);
    }).finally(() => {
      signal.removeEventListener("abort", abort);
      found.streams--;
    });
  }

  #session(): [found: Session, isFresh: boolean] {
    for (const each of this.#sessions)
      if (each.streams < mostStreams && !each.session.closed && !each.session.destroyed) return [each, false];
    const made = { session: sessionTo(this.#target), streams: 0 };
    this.#sessions.add(made);
    made.session.on("close", () => this.#sessions.delete(made));
    return [made, true];
  }
}

export function openH2c(
  target: Target,
  path: string,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>>,
): Promise<OpenAnswer> {
  const session = sessionTo(target);
  const body = session.request({ ":path": path, ...authorization(target), ...headers });
  const destroy = (): void => session.destroy();
  signal.addEventListener("abort", destroy, { once: true });
  return new Promise((resolve, reject) => {
    body.on("error", reject);
    body.on("close", () => reject(new Error(`${path} over h2c: the stream was closed`)));
    body.on("response", (head) =>
      resolve({ head: { status: head[":status"] ?? 0, headers: plain(head) }, body, destroy }),
    );
  });
}

function sessionTo(target: Target): ClientHttp2Session {
  const session = connect(target.url, { maxSessionMemory, settings: { enablePush: false } });
  // Each request reports what became of it.
  session.on("error", () => undefined);
  return session;
}

function plain(head: Head): Record<string, string> {
  return Object.fromEntries(
    Object.entries(head).flatMap(([name, value]) =>
      value === undefined || name === ":status"
        ? []
        : [[name, Array.isArray(value) ? value.join(", ") : String(value)]],
    ),
  );
}
