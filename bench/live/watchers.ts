/**
 * Many watchers on raw sockets in one process, so that the generator is not what is measured: one read loop into memory that
 * all of them share, no parser, no object per event. Payloads carry the time at which they were written; what arrives is
 * searched for it.
 */
import { connect, type Socket } from "node:net";
import { Histogram } from "../histogram.ts";

const mark = Buffer.from('"at":');
const quote = 0x22;
const digits = 16;
const nothing: Buffer = Buffer.alloc(0);
const readBytes = 256 * 1024;
const openAtOnce = 50;

export class Watchers {
  latency = new Histogram();
  /** Records that have arrived, at all of them. */
  delivered = 0;
  readonly #host: string;
  readonly #port: number;
  readonly #sockets: Socket[] = [];
  #wake: (() => void) | undefined;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#host = hostname;
    this.#port = Number(port);
  }

  /** Opens a stream of each session. */
  async open(paths: readonly string[]): Promise<void> {
    for (let from = 0; from < paths.length; from += openAtOnce)
      await Promise.all(paths.slice(from, from + openAtOnce).map((path) => this.#open(path, false)));
  }

  /** Opens streams of which nothing is read but their beginning. */
  async openStalled(paths: readonly string[]): Promise<void> {
    for (const path of paths) await this.#open(path, true);
  }

  /** Forgets what was measured so far. */
  begin(): void {
    this.latency = new Histogram();
    this.delivered = 0;
  }

  /** Resolves when so many records have arrived since `begin`. */
  async until(delivered: number): Promise<void> {
    while (this.delivered < delivered) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #open(path: string, isStalled: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let isOpen = false;
      let rest = nothing;
      const callback = (bytes: number): boolean => {
        if (!isOpen) {
          isOpen = true;
          const head = shared.toString("latin1", 0, bytes);
          if (!head.startsWith("HTTP/1.1 200")) reject(new Error(head));
          resolve();
          return !isStalled;
        }
        const arrived = shared.subarray(0, bytes);
        rest = this.#take(rest.length === 0 ? arrived : Buffer.concat([rest, arrived]));
        return true;
      };
      const onread = { buffer: shared, callback };
      const socket = connect({ host: this.#host, port: this.#port, noDelay: true, onread });
      this.#sockets.push(socket);
      socket.on("error", reject);
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.#host}:${this.#port}\r\n\r\n`);
    });
  }

  /** Returns what may be the beginning of a time. */
  #take(chunk: Buffer): Buffer {
    const arrivedUs = nowUs();
    let rest = nothing;
    for (let at = chunk.indexOf(mark); at >= 0; at = chunk.indexOf(mark, at + mark.length)) {
      const end = at + mark.length + digits;
      if (end > chunk.length) {
        rest = Buffer.from(chunk.subarray(at));
        break;
      }
      this.delivered++;
      this.latency.record(Math.max(1, arrivedUs - Number(chunk.toString("latin1", at + mark.length, end))) * 1000);
    }
    for (let at = chunk.length - mark.length + 1; rest.length === 0 && at < chunk.length; at++)
      if (chunk[at] === quote) rest = Buffer.from(chunk.subarray(at));
    this.#wake?.();
    this.#wake = undefined;
    return rest;
  }
}

/** All sockets of the process are read into it, one after the other. */
const shared = Buffer.allocUnsafe(readBytes);

/** Microseconds since the epoch, 16 digits. */
export function nowUs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}
