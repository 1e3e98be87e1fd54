/**
 * One keep-alive connection of a client that keeps books: every call either gets the server's answer or fails, and is
 * never tried again behind the caller's back.
 */
import { Agent, request as openRequest } from "node:http";

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export class Connection {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(port: number) {
    this.#port = port;
  }

  /** Rejects when no whole answer came: then it is not known what became of the call. */
  send(method: string, path: string, body?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers =
        body === undefined
          ? {}
          : { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) };
      const options = { host: "127.0.0.1", port: this.#port, method, path, headers, agent: this.#agent };
      const request = openRequest(options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => resolve({ status: response.statusCode!, text: Buffer.concat(chunks).toString() }));
      });
      request.on("error", reject);
      request.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
