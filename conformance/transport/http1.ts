/**
 * HTTP/1.1 over keep-alive connections, for cases that are about the API and not about the transport. Never retries
 * because of a status, never waits without a bound, and sends text bodies verbatim.
 */
import { Agent, request as openRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { Deadline } from "../deadline.ts";
import type { Target } from "../target.ts";
import { makeReply } from "./reply.ts";
import type { Reply } from "./reply.ts";

export interface SendOptions {
  /** Beside `Authorization` and `Content-Type`; a value of `null` takes a header away. */
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Text and bytes go out as they are, anything else as JSON. */
export type Body = string | Uint8Array | Readonly<Record<string, unknown>> | readonly unknown[] | undefined;

export interface HttpClient {
  send(method: string, path: string, body?: Body, options?: SendOptions): Promise<Reply>;
  close(): void;
}

/** Looks at every answer; throws where it is none that the server may give. */
export type AnswerCheck = (method: string, path: string, reply: Reply) => void;

const defaultTimeoutMs = 10_000;

export function encode(body: Body): Uint8Array | undefined {
  if (body === undefined) return undefined;
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body), "utf8");
}

export class Http1Client implements HttpClient {
  readonly #target: Target;
  readonly #signal: AbortSignal | undefined;
  readonly #agent: Agent;
  readonly #ownsAgent: boolean;
  readonly #check: AnswerCheck | undefined;

  constructor(target: Target, signal?: AbortSignal, agent?: Agent, check?: AnswerCheck) {
    this.#target = target;
    this.#check = check;
    this.#signal = signal;
    this.#ownsAgent = agent === undefined;
    this.#agent = agent ?? new Agent({ keepAlive: true });
  }

  /** The same connections, bounded by one more signal. */
  within(signal: AbortSignal): Http1Client {
    return new Http1Client(this.#target, signal, this.#agent, this.#check);
  }

  /** The same connections, with every answer looked at. */
  checked(check: AnswerCheck): Http1Client {
    return new Http1Client(this.#target, this.#signal, this.#agent, check);
  }

  async send(method: string, path: string, body?: Body, options: SendOptions = {}): Promise<Reply> {
    const bytes = encode(body);
    const headers = this.#headers(bytes, options.headers ?? {});
    const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    const parents = [this.#signal, options.signal].filter((each) => each !== undefined);
    const deadline = new Deadline(timeoutMs, ...parents);
    const { signal } = deadline;
    const summary = `${method} ${path.length > 120 ? `${path.slice(0, 120)}…` : path}`;
    let reply: Reply;
    try {
      reply = await this.#answer(method, path, headers, bytes, signal, summary);
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      throw new Error(signal.aborted ? `${summary}: no answer within ${timeoutMs} ms` : `${summary}: ${cause}`, {
        cause: error,
      });
    } finally {
      deadline.clear();
    }
    this.#check?.(method, path, reply);
    return reply;
  }

  close(): void {
    if (this.#ownsAgent) this.#agent.destroy();
  }

  #headers(bytes: Uint8Array | undefined, extra: Readonly<Record<string, string | null>>): Record<string, string> {
    const headers: Record<string, string | null> = {};
    if (this.#target.token !== undefined) headers["authorization"] = `Bearer ${this.#target.token}`;
    if (bytes !== undefined) {
      headers["content-type"] = "application/json";
      headers["content-length"] = String(bytes.length);
    }
    for (const [name, value] of Object.entries(extra)) headers[name.toLowerCase()] = value;
    return Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== null));
  }

  async #answer(
    method: string,
    path: string,
    headers: Record<string, string>,
    bytes: Uint8Array | undefined,
    signal: AbortSignal,
    summary: string,
  ): Promise<Reply> {
    for (;;) {
      const outcome = await this.#exchange(method, path, headers, bytes, signal);
      if (outcome !== "stale") return makeReply(summary, outcome.status, outcome.headers, outcome.bytes);
    }
  }

  /** `stale`: the server had closed an idle connection before it saw this request; a new one may be tried. */
  #exchange(
    method: string,
    path: string,
    headers: Record<string, string>,
    bytes: Uint8Array | undefined,
    signal: AbortSignal,
  ): Promise<"stale" | { status: number; headers: Record<string, string>; bytes: Buffer }> {
    return new Promise((resolve, reject) => {
      const { host, port } = this.#target;
      const request = openRequest({ host, port, method, path, headers, agent: this.#agent, signal });
      request.on("error", (error: NodeJS.ErrnoException) => {
        const reset = error.code === "ECONNRESET" || error.code === "EPIPE";
        if (request.reusedSocket && reset && !signal.aborted) resolve("stale");
        else reject(error);
      });
      request.on("response", (message) => {
        collect(message).then((body) => {
          resolve({ status: message.statusCode ?? 0, headers: joinHeaders(message), bytes: body });
        }, reject);
      });
      request.end(bytes);
    });
  }
}

async function collect(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function joinHeaders(message: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(message.headersDistinct).map(([name, values]) => [name, (values ?? []).join(", ")]),
  );
}
