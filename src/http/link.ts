/** What a request came on: in HTTP/2 that is not a connection of its own (spec 7.6). */
import type { IncomingMessage } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";

/** What carries one request and its answer: a connection of HTTP/1.1, or a stream of HTTP/2. */
export type Link = Duplex & { destroySoon?(): void };

export function linkOf(req: IncomingMessage): Link {
  return streamOf(req) ?? req.socket;
}

export function streamOf(req: IncomingMessage): ServerHttp2Stream | undefined {
  if (req.httpVersionMajor !== 2) return undefined;
  return (req as unknown as { readonly stream: ServerHttp2Stream }).stream;
}
