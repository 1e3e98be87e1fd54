/**
 * Many watchers on raw sockets in one process, so that the generator is not what is measured: one read loop, no parser, no
 * object per event. Payloads carry the time at which they were written; what arrives is searched for it.
 */
import { connect, type Socket } from "node:net";
import { Histogram } from "../histogram.ts";

const mark = Buffer.from('"at":');

export class Watchers {
  readonly latency = new Histogram();
  delivered = 0;
  readonly #host: string;
  readonly #port: number;
  readonly #sockets: Socket[] = [];

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#host = hostname;
    this.#port = Number(port);
  }

  /** Opens a stream and waits for its head; a stalled one reads nothing from then on. */
  open(path: string, isStalled = false): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: this.#host, port: this.#port, noDelay: true });
      this.#sockets.push(socket);
      socket.on("error", reject);
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.#host}:${this.#port}\r\n\r\n`);
      socket.once("data", () => {
        if (isStalled) socket.pause();
        else socket.on("data", (chunk: Buffer) => this.#take(chunk));
        resolve();
      });
    });
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** A mark that is cut in two by a packet is not counted: few are. */
  #take(chunk: Buffer): void {
    for (let at = chunk.indexOf(mark); at >= 0; at = chunk.indexOf(mark, at + mark.length)) {
      const sentUs = Number(chunk.toString("latin1", at + mark.length, at + mark.length + 16));
      if (Number.isNaN(sentUs)) continue;
      this.delivered++;
      this.latency.record(Math.max(1, nowUs() - sentUs) * 1000);
    }
  }
}

/** Microseconds since the epoch, 16 digits. */
export function nowUs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}
