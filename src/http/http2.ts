/**
 * HTTP/2 with prior knowledge (spec 7.6), behind the same door: each stream is a request of its own, in no order with the
 * others. A stream that is answered with events waits for its own window and for that of its connection.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { HttpConfig } from "./config.ts";
import type { HttpEvents } from "./deps.ts";

const maxConcurrentStreams = 256;
/**
 * Node refuses streams of a connection that holds more, in millions of bytes. How much answers may hold is bounded for all
 * connections together (7.3), so that this has only to be larger than what one may hold.
 */
const maxSessionMemory = 1000;
/**
 * What a stream has not sent when its client breaks it off stays in Node's count of that memory for ever. Before that
 * matters the client is asked to take another connection; what goes on on this one goes on.
 */
const mostBrokenOff = 50;

type Listener = (req: IncomingMessage, res: ServerResponse) => unknown;

/** Hand connections over with `emit("connection", socket)`. */
export function http2Server(config: HttpConfig, events: HttpEvents, listener: Listener): Http2Server {
  const server = createServer({
    maxSessionMemory,
    settings: { maxConcurrentStreams, maxHeaderListSize: 2 * config.maxHeaderBytes, enablePush: false },
  });
  const take = (req: unknown, res: unknown): void => void listener(req as IncomingMessage, res as ServerResponse);
  server.on("request", take);
  server.on("checkContinue", take);
  server.on("session", (session) => guard(session, config, events));
  server.on("stream", (stream) => {
    stream.setTimeout(config.silenceMs, () => stream.close(constants.NGHTTP2_CANCEL));
    // A stream that breaks closes as well, and that is what counts.
    stream.on("error", () => undefined);
  });
  server.on("sessionError", () => undefined);
  return server;
}

function guard(session: ServerHttp2Session, config: HttpConfig, events: HttpEvents): void {
  let open = 0;
  let brokenOff = 0;
  session.on("stream", (stream: ServerHttp2Stream) => {
    if (open++ === 0) session.setTimeout(config.keepAliveMs);
    stream.once("close", () => {
      open--;
      if (stream.rstCode !== constants.NGHTTP2_NO_ERROR && ++brokenOff === mostBrokenOff) session.close();
    });
  });
  // What is no HTTP/2 behind its preface is not read to its end, nor is the client's leave: only time tells.
  session.setTimeout(config.headersTimeoutMs, () => {
    if (open === 0) session.close();
  });
  session.on("error", (error: Error & { code?: string }) => {
    events.connectionRefused({ code: error.code ?? "unknown" });
    session.destroy();
  });
}
