/**
 * What a handler answers, before it becomes bytes on a socket (spec 2.1). A reply is complete: its length is known, so
 * every answer carries `Content-Length` and leaves in one gathered write.
 */

/** A string holds ASCII only: it is written byte by character. */
export type Chunk = string | Uint8Array;

export interface Reply {
  readonly status: number;
  readonly chunks: readonly Chunk[];
  /** The sum of the chunks. */
  readonly bytes: number;
  /** Where it is not JSON. */
  readonly type?: string;
  /** Beyond content type and length: name, value, name, value. */
  readonly headers?: readonly string[];
  /** The connection is of no further use: what follows on it cannot be told from this request's body. */
  readonly close?: boolean;
  /** Called once, when the socket has taken the chunks or has gone. */
  readonly release?: () => void;
}

export function textReply(status: number, ascii: string): Reply {
  return { status, chunks: [ascii], bytes: ascii.length };
}

export function utf8Reply(status: number, text: string, headers?: readonly string[]): Reply {
  const chunk = Buffer.from(text, "utf8");
  return { status, chunks: [chunk], bytes: chunk.length, ...(headers === undefined ? {} : { headers }) };
}
