/**
 * The least of HTTP/1.1 that counts responses on one connection: the status, the Content-Length, and where the next one
 * begins. A response without a length, or anything that is no response, is an error: a benchmark must not count it.
 */

/** The head of a response, all of it in one place. */
const maxHeadBytes = 16 * 1024;

export class ResponseReader {
  readonly #onResponse: (status: number, bodyBytes: number) => void;
  /** The beginning of a head whose end has not come yet. */
  #partial: Buffer | undefined;
  #status = 0;
  #bodyBytes = 0;
  #bodyLeft = 0;

  constructor(onResponse: (status: number, bodyBytes: number) => void) {
    this.#onResponse = onResponse;
  }

  /** `chunk` is not kept: the caller may fill it again. */
  read(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) at = this.#bodyLeft > 0 ? this.#readBody(chunk, at) : this.#readHead(chunk, at);
  }

  #readBody(chunk: Buffer, from: number): number {
    const taken = Math.min(this.#bodyLeft, chunk.length - from);
    this.#bodyLeft -= taken;
    if (this.#bodyLeft === 0) this.#onResponse(this.#status, this.#bodyBytes);
    return from + taken;
  }

  #readHead(chunk: Buffer, from: number): number {
    const before = this.#partial?.length ?? 0;
    const bytes = this.#partial === undefined ? chunk : Buffer.concat([this.#partial, chunk.subarray(from)]);
    const start = this.#partial === undefined ? from : 0;
    const end = bytes.indexOf("\r\n\r\n", start, "latin1");
    if (end < 0) {
      if (bytes.length - start > maxHeadBytes) throw new Error("the head of a response has no end");
      this.#partial = Buffer.from(bytes.subarray(start));
      return chunk.length;
    }
    this.#partial = undefined;
    this.#begin(bytes.toString("latin1", start, end + 2));
    if (this.#bodyLeft === 0) this.#onResponse(this.#status, 0);
    const headBytes = end + 4 - start;
    return from + headBytes - before;
  }

  #begin(head: string): void {
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(head);
    const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(head);
    if (status === null || length === null) throw new Error(`not a response with a length: ${head.slice(0, 200)}`);
    this.#status = Number(status[1]);
    this.#bodyBytes = this.#bodyLeft = Number(length[1]);
  }
}
