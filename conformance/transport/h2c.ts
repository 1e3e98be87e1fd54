/** HTTP/2 with prior knowledge (spec 7.6): one connection, requests side by side. */
import { type ClientHttp2Session, connect } from "node:http2";
import type { Target } from "../target.ts";
import { type Body, encode } from "./http1.ts";
import { makeReply, type Reply } from "./reply.ts";

export class Http2Connection {
  readonly #target: Target;
  readonly #session: ClientHttp2Session;

  constructor(target: Target, signal: AbortSignal) {
    this.#target = target;
    this.#session = connect(target.url, { settings: { enablePush: false } });
    // Each request reports what became of it.
    this.#session.on("error", () => undefined);
    signal.addEventListener("abort", () => this.#session.destroy(), { once: true });
  }

  send(method: string, path: string, body?: Body): Promise<Reply> {
    const bytes = encode(body);
    const { token } = this.#target;
    const stream = this.#session.request({
      ":method": method,
      ":path": path,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(bytes === undefined ? {} : { "content-type": "application/json" }),
    });
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let status = 0;
      const headers: Record<string, string> = {};
      stream.on("response", (head) => {
        status = head[":status"] ?? 0;
        for (const [name, value] of Object.entries(head)) if (typeof value === "string") headers[name] = value;
      });
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => resolve(makeReply(`${method} ${path} over h2c`, status, headers, Buffer.concat(chunks))));
      stream.on("error", reject);
      stream.on("close", () => reject(new Error(`${method} ${path} over h2c: the stream was closed`)));
      stream.end(bytes);
    });
  }

  /** What a stream says until it has said `piece`; then it is closed. */
  streamUntil(path: string, piece: string): Promise<string> {
    const { token } = this.#target;
    const auth = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const stream = this.#session.request({ ":path": path, ...auth });
    stream.setEncoding("utf8");
    return new Promise((resolve, reject) => {
      let text = "";
      stream.on("data", (chunk: string) => {
        text += chunk;
        if (!text.includes(piece)) return;
        stream.close();
        resolve(text);
      });
      stream.on("error", reject);
      stream.on("close", () => reject(new Error(`${path} over h2c ended after ${JSON.stringify(text.slice(-200))}`)));
    });
  }

  destroy(): void {
    this.#session.destroy();
  }
}
