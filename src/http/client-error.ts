/**
 * Connections that stop making sense (spec 9.3): malformed headers, two lengths, bad chunks, headers that take for ever.
 * The answer is 400 and the end of the connection, after whatever was asked properly before it has been answered; an
 * error inside a body is the answer to that body's request.
 */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TopicsError } from "../base/errors.ts";
import type { Connections } from "./connections.ts";
import type { HttpEvents } from "./deps.ts";
import { jsonText } from "./json-text.ts";

export class ClientErrors {
  readonly #connections: Connections;
  readonly #events: HttpEvents;
  /** The parser repeats itself for every packet that follows. */
  readonly #refused = new WeakSet<Duplex>();

  constructor(connections: Connections, events: HttpEvents) {
    this.#connections = connections;
    this.#events = events;
  }

  /** Node's event `clientError`. */
  met(error: Error & { code?: string }, socket: Socket): void {
    if (this.#refused.has(socket)) return;
    this.#refused.add(socket);
    // Of a socket that asks for a tunnel Node lets go altogether: nobody else would hear that its client has gone.
    socket.on("error", () => undefined);
    const code = error.code ?? "unknown";
    if (code === "ECONNRESET" || code === "EPIPE" || !socket.writable) {
      socket.destroy();
      return;
    }
    this.#events.connectionRefused({ code });
    this.#connections.refuseMore(socket);
    const pending = this.#connections.unanswered(socket);
    if (pending === undefined) refuse(socket, code);
    else if (pending.req.complete || !pending.bodyBroke())
      pending.res.once("close", () => finish(socket, pending.req.complete, code));
  }
}

function finish(socket: Socket, betweenRequests: boolean, code: string): void {
  if (betweenRequests) refuse(socket, code);
  else socket.destroySoon();
}

function refuse(socket: Socket, code: string): void {
  if (!socket.writable) return;
  const { message } = reason(code);
  const body = Buffer.from(jsonText({ error: { code: "invalid_request", message } }), "utf8");
  socket.write(
    "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n" +
      `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n`,
    "latin1",
  );
  socket.write(body);
  socket.destroySoon();
}

function reason(code: string): TopicsError {
  if (code === "HPE_HEADER_OVERFLOW") return new TopicsError("invalid_request", "The request's headers are too large.");
  if (code === "ERR_HTTP_REQUEST_TIMEOUT")
    return new TopicsError("invalid_request", "The request took too long to arrive.");
  return new TopicsError("invalid_request", "This is not HTTP/1.1 as it should be; the connection ends here.");
}
