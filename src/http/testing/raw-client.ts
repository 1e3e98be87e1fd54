/**
 * HTTP as bytes on a loopback socket: tests say exactly what is sent, in which packets, and see exactly what comes back.
 */
import type { Socket } from "node:net";
import { connect } from "node:net";

export interface RawResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Status line and headers as received. */
  readonly head: string;
  readonly body: Buffer;
}

export class RawClient {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake?.();
    });
    const ended = (): void => {
      this.#ended = true;
      this.#wake?.();
    };
    socket.on("end", ended).on("close", ended).on("error", ended);
  }

  static open(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port, noDelay: true });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new RawClient(socket));
      });
    });
  }

  send(bytes: string | Uint8Array): void {
    this.#socket.write(typeof bytes === "string" ? Buffer.from(bytes, "utf8") : bytes);
  }

  /** The next response; `method` HEAD has no body. Rejects when the connection ends first. */
  async response(method = "GET"): Promise<RawResponse> {
    const headEnd = await this.#until(() => this.#received.indexOf("\r\n\r\n"));
    const head = this.#received.subarray(0, headEnd + 4).toString("latin1");
    const [statusLine, ...lines] = head.trimEnd().split("\r\n");
    const headers = new Map(lines.map((line) => splitHeader(line)));
    const status = Number(statusLine.split(" ")[1]);
    if (headers.get("transfer-encoding") === "chunked" && method !== "HEAD") {
      this.#received = this.#received.subarray(headEnd + 4);
      return { status, headers, head, body: await this.#chunks() };
    }
    const length = method === "HEAD" || status < 200 ? 0 : Number(headers.get("content-length") ?? 0);
    const bodyEnd = headEnd + 4 + length;
    await this.#until(() => (this.#received.length >= bodyEnd ? bodyEnd : -1));
    const body = this.#received.subarray(headEnd + 4, bodyEnd);
    this.#received = this.#received.subarray(bodyEnd);
    return { status, headers, head, body };
  }

  async #chunks(): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (;;) {
      const lineEnd = await this.#until(() => this.#received.indexOf("\r\n"));
      const length = parseInt(this.#received.subarray(0, lineEnd).toString("latin1"), 16);
      const end = lineEnd + 2 + length + 2;
      await this.#until(() => (this.#received.length >= end ? end : -1));
      parts.push(this.#received.subarray(lineEnd + 2, end - 2));
      this.#received = this.#received.subarray(end);
      if (length === 0) return Buffer.concat(parts);
    }
  }

  /** What has come and was taken by nobody, once it holds `text`. */
  async seen(text: string): Promise<string> {
    await this.#until(() => this.#received.indexOf(text));
    return this.#received.toString("utf8");
  }

  /** Reads nothing until `resume`. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Resolves when the server has ended the connection, with what was left unread. */
  async ended(): Promise<Buffer> {
    while (!this.#ended) await this.#more();
    return this.#received;
  }

  /** Sends what is queued and then the end of the stream. */
  finish(): void {
    this.#socket.end();
  }

  /** Goes with a reset, as a client does that is killed. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Goes without a word. */
  destroy(): void {
    this.#socket.destroy();
  }

  async #until(found: () => number): Promise<number> {
    for (;;) {
      const at = found();
      if (at >= 0) return at;
      if (this.#ended) throw new Error(`the connection ended after ${this.#received.length} bytes`);
      await this.#more();
    }
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}
