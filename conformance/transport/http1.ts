/**
 * HTTP/1.1 over keep-alive connections, for cases that are about the API and not about the transport; and an answer
 * without an end on a connection of its own.
 */
import { Agent, request as openRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import type { Target } from "../target.ts";
import { authorization, type Exchange, type Request } from "./client.ts";
import type { OpenAnswer } from "./open-answer.ts";
import { makeReply } from "./reply.ts";
import type { Reply } from "./reply.ts";

export class Http1Exchange implements Exchange {
  readonly #target: Target;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(target: Target) {
    this.#target = target;
  }

  async exchange(request: Request): Promise<Reply> {
    for (;;) {
      const outcome = await this.#once(request);
      if (outcome !== "stale") return outcome;
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  /** `stale`: the server had closed an idle connection before it saw this request; a new one may be tried. */
  #once({ method, path, headers, bytes, signal, summary }: Request): Promise<"stale" | Reply> {
    return new Promise((resolve, reject) => {
      const { host, port } = this.#target;
      const request = openRequest({ host, port, method, path, headers, agent: this.#agent, signal });
      request.on("error", (error: NodeJS.ErrnoException) => {
        const reset = error.code === "ECONNRESET" || error.code === "EPIPE";
        if (request.reusedSocket && reset && !signal.aborted) resolve("stale");
        else reject(error);
      });
      request.on("response", (message) => {
        collect(message).then((body) => {
          resolve(makeReply(summary, message.statusCode ?? 0, joinHeaders(message), body));
        }, reject);
      });
      request.end(bytes);
    });
  }
}

export function openHttp1(
  target: Target,
  path: string,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>>,
): Promise<OpenAnswer> {
  return new Promise((resolve, reject) => {
    const { host, port } = target;
    const request = openRequest({
      ...{ host, port, path, agent: false, signal },
      headers: { ...authorization(target), ...headers },
    });
    request.on("error", reject);
    request.on("response", (body) => {
      const head = { status: body.statusCode ?? 0, headers: joinHeaders(body) };
      resolve({ head, body, destroy: () => body.destroy() });
    });
    request.end();
  });
}

async function collect(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function joinHeaders(message: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(message.headersDistinct).map(([name, values]) => [name, (values ?? []).join(", ")]),
  );
}
