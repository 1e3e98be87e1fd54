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

  constructor(chunked: Buffer, plain: Buffer) {
    this.chunked = chunked;
    this.plain = plain;
  }
}

/** `data` is JSON, in pieces; strings among them are ASCII. */
export function sseFrame(event: string, data: readonly Chunk[], id?: string): SseFrame {
  const head = `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: `;
  return framed([head, ...data, "\n\n"], head.length);
}

/** The id of the event whose frame follows, for frames that several streams share but for their ids. */
export function sseId(id: string): SseFrame {
  return framed([`id: ${id}\n`]);
}

/** Anything else: comments, `retry`. */
export function sseText(ascii: string): SseFrame {
  return framed([ascii]);
}

function framed(pieces: readonly Chunk[], dataAt?: number): SseFrame {
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
  const plain = chunked.subarray(begin, at);
  if (dataAt !== undefined) keepOneLine(plain.subarray(dataAt, bytes - 2));
  return new SseFrame(chunked, plain);
}

/** Inside JSON a raw line break can only be white space between tokens. */
function keepOneLine(data: Buffer): void {
  for (const byte of [lf, cr]) {
    for (let at = data.indexOf(byte); at >= 0; at = data.indexOf(byte, at + 1)) data[at] = space;
  }
}
