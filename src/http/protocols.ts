/**
 * Two protocols on one port (spec 7.6), told apart by the first bytes. Every connection begins with the parser of
 * HTTP/1.1, at no cost to those that stay there. The preface of HTTP/2 is made so that this parser stops at it, with an
 * error of its own; the connection is then taken from it, and the bytes are put back.
 */
import type { Socket } from "node:net";

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

export interface ParserError extends Error {
  readonly code?: string;
  /** The packet in which the parser stopped. */
  readonly rawPacket?: Buffer;
}

/** What Node hangs on a socket that it reads HTTP/1.1 from. */
interface Parser {
  unconsume?(): void;
  remove?(): void;
}

export function isPreface(error: ParserError): boolean {
  return error.code === "HPE_PAUSED_H2_UPGRADE" && error.rawPacket !== undefined;
}

/** Leaves the socket as if nothing had been read of it. */
export function takeBack(socket: Socket, { rawPacket: packet = Buffer.alloc(0) }: ParserError): void {
  const { parser } = socket as Socket & { readonly parser?: Parser };
  parser?.unconsume?.();
  // Its timeouts for slow requests are not for this connection.
  parser?.remove?.();
  for (const event of ["data", "drain", "error", "timeout", "pause", "resume"]) socket.removeAllListeners(event);
  for (const listener of socket.listeners("end"))
    if (listener.name.includes("socketOnEnd")) socket.off("end", listener as () => void);
  socket.setTimeout(0);
  // HTTP/1.1 may still answer who has finished sending; here a connection ends with either side.
  socket.allowHalfOpen = false;
  socket.pause();
  // The parser has seen all of the preface; how much of it came in the last packet is all that is not known.
  let known = Math.min(packet.length, preface.length);
  while (!packet.subarray(0, known).equals(preface.subarray(preface.length - known))) known--;
  socket.unshift(Buffer.concat([preface, packet.subarray(known)]));
}
