/**
 * Server-sent events as bytes (spec 4.2): LF line ends, data on one line. A frame is made once, framed as a chunk of
 * HTTP/1.1 already, and the same bytes go to every socket; HTTP/2 takes them without the framing.
 */
import { assert } from "../base/assert.ts";
import type { Chunk } from "./reply.ts";

const lf = 0x0a;
const cr = 0x0d;
const space = 0x20;

export class SseFrame {
  /** With the framing of `Transfer-Encoding: chunked`. */
  readonly chunked: Buffer;
  readonly plain: Buffer;
  /** Where the line with the id ends, in `plain`. */
  readonly idBytes: number;

  constructor(chunked: Buffer, plain: Buffer, idBytes: number) {
    this.chunked = chunked;
    this.plain = plain;
    this.idBytes = idBytes;
  }
}

/** `data` is JSON, in pieces; strings among them are ASCII. */
export function sseFrame(event: string, data: readonly Chunk[], id?: string): SseFrame {
  const idLine = id === undefined ? "" : `id: ${id}\n`;
  const head = `event: ${event}\ndata: `;
  const frame = framed([idLine, head, ...data, "\n\n"], idLine.length);
  keepOneLine(frame.plain.subarray(idLine.length + head.length, -2));
  return frame;
}

/** The same event with another id. */
export function reidentified(frame: SseFrame, id: string | undefined): SseFrame {
  const idLine = id === undefined ? "" : `id: ${id}\n`;
  return framed([idLine, frame.plain.subarray(frame.idBytes)], idLine.length);
}

/** Anything else: comments, `retry`. */
export function sseText(ascii: string): SseFrame {
  return framed([ascii], 0);
}

function framed(pieces: readonly Chunk[], idBytes: number): SseFrame {
  let bytes = 0;
  for (const piece of pieces) bytes += piece.length;
  const size = `${bytes.toString(16)}\r\n`;
  const chunked = Buffer.allocUnsafe(size.length + bytes + 2);
  let at = chunked.write(size, 0, "latin1");
  const begin = at;
  for (const piece of pieces) {
    if (typeof piece === "string") at += chunked.write(piece, at, "latin1");
    else {
      chunked.set(piece, at);
      at += piece.length;
    }
  }
  assert(at === begin + bytes, "a frame has the length that was counted");
  chunked[at] = cr;
  chunked[at + 1] = lf;
  return new SseFrame(chunked, chunked.subarray(begin, at), idBytes);
}

/** Inside JSON a raw line break can only be white space between tokens. */
function keepOneLine(data: Buffer): void {
  for (const byte of [lf, cr]) {
    for (let at = data.indexOf(byte); at >= 0; at = data.indexOf(byte, at + 1)) data[at] = space;
  }
}
