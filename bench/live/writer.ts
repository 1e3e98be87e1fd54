/** Whoever writes what watchers wait for: one connection, one append in flight, each record with the time in it. */
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { ResponseReader } from "../response-reader.ts";
import { nowUs } from "./watchers.ts";

export class Writer {
  readonly #socket: Socket;
  readonly #host: string;
  #answered: ((status: number) => void) | undefined;

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    const reader = new ResponseReader((status) => this.#answered?.(status));
    socket.on("data", (chunk: Buffer) => reader.read(chunk));
  }

  static async open(url: string): Promise<Writer> {
    const { hostname, port, host } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, "connect");
    return new Writer(socket, host);
  }

  /** Resolves when it is acked. */
  async append(topic: string, padding: string): Promise<void> {
    const status = await new Promise<number>((resolve) => {
      this.#answered = resolve;
      const body = `{"records":[{"data":{"at":${nowUs()},"padding":"${padding}"}}]}`;
      this.#socket.write(
        `POST /v0/topics/${topic} HTTP/1.1\r\nHost: ${this.#host}\r\nContent-Type: application/json\r\n` +
          `Content-Length: ${body.length}\r\n\r\n${body}`,
      );
    });
    if (status > 201) throw new Error(`an append to ${topic} was answered with ${status}`);
  }

  close(): void {
    this.#socket.destroy();
  }
}
