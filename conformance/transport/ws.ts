/** A WebSocket as small as the contract needs it (spec 4.4): text messages, close codes, and whatever bytes a case likes. */
import { createHash, randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { fail } from "../expect.ts";
import type { Target } from "../target.ts";

const magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
export const opcode = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export type Message = Readonly<Record<string, unknown>>;

export class WebSocketClient {
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  #bytes: Buffer = Buffer.alloc(0);
  #text = "";
  #closeCode: number | undefined;
  #ended = false;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
    const wake = (): void => this.#wake?.();
    socket.on("data", (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      wake();
    });
    socket.on("close", () => {
      this.#ended = true;
      wake();
    });
    socket.on("error", wake);
    signal.addEventListener("abort", wake, { once: true });
  }

  /** Fails with the status when the server does not take it. */
  static async open(target: Target, signal: AbortSignal, headers: readonly string[] = []): Promise<WebSocketClient> {
    const socket = connect({ host: target.host, port: target.port });
    const client = new WebSocketClient(socket, signal);
    const key = randomBytes(16).toString("base64");
    const auth = target.token === undefined ? [] : [`Authorization: Bearer ${target.token}`];
    const lines = [
      "GET /v0/ws HTTP/1.1",
      `Host: ${target.host}:${target.port}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      `Sec-WebSocket-Key: ${key}`,
      ...auth,
      ...headers,
    ];
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    while (client.#bytes.indexOf("\r\n\r\n") < 0) await client.#more();
    const end = client.#bytes.indexOf("\r\n\r\n");
    const head = client.#bytes.subarray(0, end).toString("latin1");
    client.#bytes = client.#bytes.subarray(end + 4);
    if (!head.startsWith("HTTP/1.1 101 ")) fail(`no WebSocket but ${head.split("\r\n")[0]}`);
    const accept = createHash("sha1")
      .update(key + magic)
      .digest("base64");
    if (!head.includes(accept)) fail("the handshake's answer fits no key of ours");
    return client;
  }

  say(message: unknown): void {
    this.send(opcode.text, Buffer.from(typeof message === "string" ? message : JSON.stringify(message)));
  }

  send(kind: number, payload: Buffer): void {
    const mask = randomBytes(4);
    const { length } = payload;
    const head =
      length < 126
        ? Buffer.of(0x80 | kind, 0x80 | length)
        : length < 65_536
          ? Buffer.of(0x80 | kind, 0xfe, length >> 8, length & 255)
          : Buffer.concat([Buffer.of(0x80 | kind, 0xff), uint64(length)]);
    const masked = Buffer.from(payload);
    for (let at = 0; at < length; at++) masked[at] ^= mask[at & 3];
    this.#socket.write(Buffer.concat([head, mask, masked]));
  }

  /** The next message. */
  async next(): Promise<Message> {
    const message = await this.#message();
    return message ?? fail(`the socket was closed with ${this.#closeCode ?? "no code"}`);
  }

  /** The next one with this op; others are passed over. */
  async op(name: string): Promise<Message> {
    for (;;) {
      const message = await this.next();
      if (message["op"] === name) return message;
    }
  }

  /** The code that the server closes with. */
  async closed(): Promise<number | undefined> {
    while ((await this.#message()) !== undefined);
    return this.#closeCode;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async #message(): Promise<Message | undefined> {
    for (;;) {
      const frame = this.#frame();
      if (frame === undefined) {
        if (this.#ended) return undefined;
        await this.#more();
        continue;
      }
      if (frame.kind === opcode.ping) this.send(opcode.pong, frame.payload);
      else if (frame.kind === opcode.close) {
        this.#closeCode = frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : 1005;
        this.#socket.end();
        return undefined;
      } else if (frame.kind === opcode.text || frame.kind === 0) {
        this.#text += frame.payload.toString("utf8");
        if (!frame.isLast) continue;
        const message = JSON.parse(this.#text) as Message;
        this.#text = "";
        return message;
      }
    }
  }

  #frame(): { readonly kind: number; readonly isLast: boolean; readonly payload: Buffer } | undefined {
    const bytes = this.#bytes;
    if (bytes.length < 2) return undefined;
    const short = bytes[1] & 127;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (bytes.length < 2 + lengthBytes) return undefined;
    const length =
      lengthBytes === 0 ? short : Number(bytes.readUIntBE(lengthBytes === 8 ? 4 : 2, lengthBytes === 8 ? 6 : 2));
    const begin = 2 + lengthBytes;
    if (bytes.length < begin + length) return undefined;
    this.#bytes = bytes.subarray(begin + length);
    return { kind: bytes[0] & 15, isLast: (bytes[0] & 128) !== 0, payload: bytes.subarray(begin, begin + length) };
  }

  #more(): Promise<void> {
    if (this.#signal.aborted) fail("nothing more came");
    if (this.#ended) fail("the connection ended");
    return new Promise((resolve) => (this.#wake = resolve));
  }
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
