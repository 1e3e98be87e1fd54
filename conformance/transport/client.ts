/**
 * What a case speaks to a server through, whatever the protocol (spec 7.6): requests that are answered whole, none without
 * a bound of time, none tried again because of its answer.
 */
import { Deadline } from "../deadline.ts";
import type { Target } from "../target.ts";
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

/** How requests get to the server, on connections that many cases share. */
export interface Exchange {
  exchange(request: Request): Promise<Reply>;
  close(): void;
}

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array | undefined;
  readonly signal: AbortSignal;
  /** For messages. */
  readonly summary: string;
}

const defaultTimeoutMs = 30_000;
const maxShownChars = 120;

export function encode(body: Body): Uint8Array | undefined {
  if (body === undefined) return undefined;
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body), "utf8");
}

export function authorization({ token }: Target): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

interface Bounds {
  readonly signal?: AbortSignal | undefined;
  readonly check?: AnswerCheck | undefined;
}

export class Client implements HttpClient {
  readonly #target: Target;
  readonly #exchange: Exchange;
  readonly #bounds: Bounds;
  /** Whoever made the connections ends them. */
  readonly #isOwner: boolean;

  constructor(target: Target, exchange: Exchange, bounds: Bounds = {}, isOwner = true) {
    this.#target = target;
    this.#exchange = exchange;
    this.#bounds = bounds;
    this.#isOwner = isOwner;
  }

  /** The same connections, bounded by a signal. */
  within(signal: AbortSignal): Client {
    return new Client(this.#target, this.#exchange, { ...this.#bounds, signal }, false);
  }

  /** The same connections, with every answer looked at. */
  checked(check: AnswerCheck): Client {
    return new Client(this.#target, this.#exchange, { ...this.#bounds, check }, false);
  }

  async send(method: string, path: string, body?: Body, options: SendOptions = {}): Promise<Reply> {
    const bytes = encode(body);
    const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    const parents = [this.#bounds.signal, options.signal].filter((each) => each !== undefined);
    const deadline = new Deadline(timeoutMs, ...parents);
    const { signal } = deadline;
    const summary = `${method} ${path.length > maxShownChars ? `${path.slice(0, maxShownChars)}…` : path}`;
    const headers = this.#headers(bytes, options.headers ?? {});
    let reply: Reply;
    try {
      reply = await this.#exchange.exchange({ method, path, headers, bytes, signal, summary });
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      throw new Error(signal.aborted ? `${summary}: no answer within ${timeoutMs} ms` : `${summary}: ${cause}`, {
        cause: error,
      });
    } finally {
      deadline.clear();
    }
    this.#bounds.check?.(method, path, reply);
    return reply;
  }

  close(): void {
    if (this.#isOwner) this.#exchange.close();
  }

  #headers(bytes: Uint8Array | undefined, extra: Readonly<Record<string, string | null>>): Record<string, string> {
    const headers: Record<string, string | null> = { ...authorization(this.#target) };
    if (bytes !== undefined) {
      headers["content-type"] = "application/json";
      headers["content-length"] = String(bytes.length);
    }
    for (const [name, value] of Object.entries(extra)) headers[name.toLowerCase()] = value;
    return Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== null));
  }
}
