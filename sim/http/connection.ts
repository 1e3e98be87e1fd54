/** The client's end of a connection: requests as bytes, in pieces as the seed has them, answers in the order of the requests. */
import type { Server } from "node:http";
import type { Prng } from "../prng.ts";
import type { Scheduler } from "../scheduler.ts";
import type { SimEnv } from "../sim-env.ts";
import { MemorySocket, type Peer } from "./memory-socket.ts";

export interface Response {
  readonly status: number;
  readonly body: string;
}

/** The connection ended before the answer. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}

interface Waiting {
  answered(response: Response): void;
  lost(error: Error): void;
}

export class Connection implements Peer {
  readonly #socket: MemorySocket;
  readonly #prng: Prng;
  readonly #waiting: Waiting[] = [];
  #bytes: Buffer = Buffer.alloc(0);
  #over = false;
  #gone: (() => void) | undefined;

  constructor(server: Server, scheduler: Scheduler, env: SimEnv, prng: Prng) {
    this.#prng = prng;
    this.#socket = new MemorySocket(scheduler, env, this);
    server.emit("connection", this.#socket);
  }

  get isOpen(): boolean {
    return !this.#over;
  }

  get inFlight(): number {
    return this.#waiting.length;
  }

  /** Bytes as they are. */
  send(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const length = this.#pieceBytes(bytes.length - at);
      this.#socket.deliver(bytes.subarray(at, at + length));
      at += length;
    }
  }

  /** In one piece. */
  sendWhole(bytes: Uint8Array): void {
    this.#socket.deliver(bytes);
  }

  /** Until the server has ended the connection. */
  gone(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#over) resolve();
      else this.#gone = resolve;
    });
  }

  /** The next answer that is not spoken for. Rejects with `ConnectionLost`. */
  response(): Promise<Response> {
    return new Promise((resolve, reject) => {
      if (this.#over) reject(new ConnectionLost("the connection has ended"));
      else this.#waiting.push({ answered: resolve, lost: reject });
      this.#take();
    });
  }

  /** No more is sent; answers may still come. */
  finish(): void {
    this.#socket.finish();
  }

  /** Goes without a word. */
  vanish(): void {
    this.#socket.vanish();
    this.ended();
  }

  discard(): void {
    this.#socket.destroy();
  }

  received(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    this.#take();
  }

  ended(): void {
    if (this.#over) return;
    this.#over = true;
    this.#gone?.();
    for (const one of this.#waiting.splice(0)) one.lost(new ConnectionLost("the connection ended before the answer"));
  }

  #take(): void {
    while (this.#waiting.length > 0) {
      const headEnd = this.#bytes.indexOf("\r\n\r\n");
      if (headEnd < 0) return;
      const head = this.#bytes.subarray(0, headEnd).toString("latin1");
      const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
      const end = headEnd + 4 + length;
      if (this.#bytes.length < end) return;
      const body = this.#bytes.subarray(headEnd + 4, end).toString();
      this.#bytes = this.#bytes.subarray(end);
      const status = Number(head.split(" ", 2)[1]);
      if (status >= 200) this.#waiting.shift()?.answered({ status, body });
    }
  }

  /** Mostly everything at once; now and then cut anywhere, or a few bytes at a time. */
  #pieceBytes(left: number): number {
    if (left < 2 || this.#prng.chance(80)) return left;
    return this.#prng.chance(50) ? this.#prng.between(1, left) : this.#prng.between(1, Math.min(3, left));
  }
}

export function requestBytes(method: string, target: string, body?: string, headers = ""): Uint8Array {
  const head = `${method} ${target} HTTP/1.1\r\nHost: localhost\r\n${headers}`;
  if (body === undefined) return Buffer.from(`${head}\r\n`);
  const length = Buffer.byteLength(body);
  return Buffer.from(`${head}Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`);
}
