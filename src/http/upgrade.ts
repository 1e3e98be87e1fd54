/**
 * Requests for an upgrade (spec 4.4, 7.6). They go through the door like any other, checks and all; only an answer of a
 * handler makes a WebSocket of the connection. Upgrades to anything else are not for us: such a request is answered as if
 * it had not asked.
 */
import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";

/** What Node has read behind the head of the request. */
const heads = new WeakMap<IncomingMessage, Buffer>();

/** Whether a handler may answer with an `UpgradeReply`. */
export function asksForWebSocket(req: IncomingMessage): boolean {
  return heads.has(req) && req.method === "GET" && req.headers.upgrade?.toLowerCase() === "websocket";
}

/** For Node's event `upgrade`. */
export function takeUpgrade(
  req: IncomingMessage,
  socket: Socket,
  head: Buffer,
  listener: (req: IncomingMessage, res: ServerResponse) => unknown,
): void {
  socket.on("error", () => undefined);
  // The parser has let go of the socket: nobody would read a body.
  if (req.method !== "GET" && req.method !== "HEAD") {
    socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    return;
  }
  heads.set(req, head);
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(socket);
  res.once("finish", () => {
    res.detachSocket(socket);
    socket.destroySoon();
  });
  listener(req, res);
}

export class Upgrades {
  readonly #server: WebSocketServer;

  constructor(maxBodyBytes: number) {
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: maxBodyBytes,
    });
    // What is wrong with a handshake has been answered by then.
    this.#server.on("wsClientError", (_error: Error, socket) => socket.destroy());
  }

  /** `taken` is not called when the handshake is none. */
  accept(req: IncomingMessage, res: ServerResponse, taken: (ws: WebSocket, socket: Socket) => void): void {
    const socket = res.socket!;
    res.detachSocket(socket);
    this.#server.handleUpgrade(req, socket, heads.get(req)!, (ws) => taken(ws, socket));
  }
}
