/**
 * One TCP connection on which a case writes what it likes and reads HTTP/1.1 responses one by one: for pipelining,
 * broken framing, requests that trickle in and bodies that end early (spec 9.3).
 */
import { connect } from "node:net";
import type { Socket } from "node:net";
import type { Target } from "../target.ts";
import { makeReply } from "./reply.ts";
import type { Reply } from "./reply.ts";

interface Head {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly length: number;
}

function parseHead(text: string): Omit<Head, "length"> {
  const [statusLine = "", ...lines] = text.split("\r\n");
  const match = /^HTTP\/1\.[01] (\d{3})/.exec(statusLine);
  if (match === null) throw new Error(`not an HTTP/1.1 response: ${JSON.stringify(statusLine)}`);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return { status: Number(match[1]), headers };
}

export class RawConnection {
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  #buffered: Buffer = Buffer.alloc(0);
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      this.#buffered = Buffer.concat([this.#buffered, chunk]);
      this.#wake?.();
    });
    socket.on("close", () => {
      this.#ended = true;
      this.#wake?.();
    });
    socket.on("error", (error) => {
      this.#error = error;
      this.#wake?.();
    });
    signal.addEventListener("abort", () => socket.destroy(new Error("timed out")), { once: true });
  }

  static async open(target: Target, signal: AbortSignal): Promise<RawConnection> {
    const socket = connect({ host: target.host, port: target.port });
    const connection = new RawConnection(socket, signal);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return connection;
  }

  /** Resolves when the kernel has the bytes. */
  write(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      // A peer that has answered and closed makes the rest of a write fail: the case judges by the answer.
      this.#socket.write(bytes, () => {
        resolve();
      });
    });
  }

  /** The next response; `method` decides whether it has a body. */
  async response(method = "GET"): Promise<Reply> {
    let { status, headers } = await this.#head();
    while (status >= 100 && status < 200) ({ status, headers } = await this.#head());
    return makeReply(`${method} (raw connection)`, status, headers, await this.#body(method, status, headers));
  }

  /** Waits for the interim `100 Continue`; any other response fails. */
  async continued(): Promise<void> {
    const { status } = await this.#head();
    if (status !== 100) throw new Error(`expected 100 Continue, got ${status}`);
  }

  /** Everything up to the first place where the text stands, as Latin-1; for answers without an end. */
  async upTo(text: string): Promise<string> {
    let at = this.#buffered.indexOf(text, 0, "latin1");
    while (at < 0) {
      await this.#moreOrThrow();
      at = this.#buffered.indexOf(text, 0, "latin1");
    }
    return this.#take(at + text.length).toString("latin1");
  }

  /** Closes this side only; what the server still sends can be read. */
  end(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.end(resolve);
    });
  }

  /** True once the peer has closed; bounded by the connection's signal. */
  async closed(): Promise<boolean> {
    while (!this.#ended && !this.#signal.aborted) await this.#more();
    return this.#ended && !this.#signal.aborted;
  }

  /** Takes nothing more from the kernel, until `resume`. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Cuts the connection without a word. */
  destroy(): void {
    this.#socket.destroy();
  }

  async #head(): Promise<Omit<Head, "length">> {
    let end = this.#buffered.indexOf("\r\n\r\n");
    while (end < 0) {
      await this.#moreOrThrow();
      end = this.#buffered.indexOf("\r\n\r\n");
    }
    return parseHead(
      this.#take(end + 4)
        .subarray(0, end)
        .toString("latin1"),
    );
  }

  async #body(method: string, status: number, headers: Record<string, string>): Promise<Buffer> {
    if (method === "HEAD" || status === 204 || status === 304) return Buffer.alloc(0);
    if (headers["transfer-encoding"] === "chunked") return this.#chunks();
    const length = headers["content-length"];
    if (length !== undefined) return this.#exactly(Number(length));
    while (!this.#ended) await this.#more();
    return this.#take(this.#buffered.length);
  }

  async #chunks(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for (;;) {
      let end = this.#buffered.indexOf("\r\n");
      while (end < 0) {
        await this.#moreOrThrow();
        end = this.#buffered.indexOf("\r\n");
      }
      const size = Number.parseInt(this.#take(end + 2).toString("latin1"), 16);
      chunks.push((await this.#exactly(size + 2)).subarray(0, size));
      if (size === 0) return Buffer.concat(chunks);
    }
  }

  async #exactly(length: number): Promise<Buffer> {
    while (this.#buffered.length < length) await this.#moreOrThrow();
    return this.#take(length);
  }

  #take(length: number): Buffer {
    const taken = this.#buffered.subarray(0, length);
    this.#buffered = this.#buffered.subarray(length);
    return taken;
  }

  async #moreOrThrow(): Promise<void> {
    if (this.#ended || this.#error !== undefined) {
      const why = this.#error === undefined ? "" : ` (${this.#error.message})`;
      throw new Error(`the connection ended before a whole response had come${why}`);
    }
    await this.#more();
  }

  #more(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** The bytes of a request with the headers every server needs; `headers` may repeat or contradict them. */
export function requestText(target: Target, method: string, path: string, headers: readonly string[]): string {
  const auth = target.token === undefined ? [] : [`Authorization: Bearer ${target.token}`];
  return [`${method} ${path} HTTP/1.1`, `Host: ${target.host}:${target.port}`, ...auth, ...headers, "", ""].join(
    "\r\n",
  );
}

/** A whole `POST` or `PUT` of a JSON text. */
export function jsonRequest(target: Target, method: string, path: string, body: string): string {
  const length = Buffer.byteLength(body);
  return requestText(target, method, path, ["Content-Type: application/json", `Content-Length: ${length}`]) + body;
}
