/**
 * The body of one request (spec 2.1, 9.3). Size, type and encoding are judged from the headers before a byte is read;
 * what arrives is counted against the limit; nobody sees a body that is not there whole.
 *
 * unread → reading → taken | failed. `discard` may follow any of them: the rest of the request is thrown away as it
 * comes, so that the connection stays usable, but no more of it than a body may have.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { payloadTooLarge } from "./body-errors.ts";
import { BrokenRequest, ClientGone } from "./errors.ts";
import { Gather } from "./gather.ts";
import { inflate } from "./inflate.ts";
import type { Share } from "./limits/buffer-budget.ts";
import { streamOf } from "./link.ts";
import { checkContentType, contentCoding } from "./media.ts";

const nothing = new Uint8Array(0);

export class Body {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #maxBytes: number;
  readonly #hold: () => Share;
  #invited = false;
  #reject: ((error: Error) => void) | undefined;

  /** `hold`: where the memory of a body is counted that does not arrive in one piece. */
  constructor(req: IncomingMessage, res: ServerResponse, maxBytes: number, hold: () => Share) {
    this.#req = req;
    this.#res = res;
    this.#maxBytes = maxBytes;
    this.#hold = hold;
  }

  /** The plain bytes; empty when the request has no body. Throws what the headers already rule out. */
  read(): Promise<Uint8Array> {
    const { headers } = this.#req;
    const announced = announcedBytes(this.#req);
    if (announced === 0) return Promise.resolve(nothing);
    if (announced !== undefined && announced > this.#maxBytes) throw payloadTooLarge(this.#maxBytes);
    checkContentType(headers);
    const coding = contentCoding(headers);
    if (headers.expect !== undefined) this.#invite();
    return coding === "gzip" ? this.#inflated() : this.#receive();
  }

  /**
   * Before the answer: true when the client still waits to be told to send its body, so that nobody can know whether what
   * comes next on the connection is that. Where it has come, or there is none, the client is told now: Node ends the
   * connection of a request that expects to be.
   */
  withheld(): boolean {
    const { headers, complete } = this.#req;
    if (this.#invited || headers.expect === undefined) return false;
    if (!complete && announcedBytes(this.#req) !== 0) return true;
    this.#invite();
    return false;
  }

  /** The parser met something that cannot be part of this body. False when nobody waits for it. */
  fail(): boolean {
    if (this.#reject === undefined) return false;
    this.#reject(new BrokenRequest("invalid_request", "The body is not framed as HTTP/1.1 asks; nothing was done."));
    return true;
  }

  /** Throws away what is still to come of an answered request. */
  discard(): void {
    const req = this.#req;
    if (req.complete || req.destroyed) return;
    let budget = this.#maxBytes;
    req.on("data", (chunk: Buffer) => {
      budget -= chunk.length;
      if (budget < 0) req.destroy();
    });
  }

  #invite(): void {
    this.#invited = true;
    this.#res.writeContinue();
  }

  async #inflated(): Promise<Uint8Array> {
    const packed = await this.#receive();
    const share = this.#hold();
    return inflate(packed, this.#maxBytes, (bytes) => share.add(bytes));
  }

  #receive(): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const req = this.#req;
      const maxBytes = this.#maxBytes;
      const expected = Number(req.headers["content-length"] ?? maxBytes);
      const gather = new Gather(expected);
      let share: Share | undefined;
      const onData = (chunk: Buffer): void => {
        if (gather.bytes + chunk.length > maxBytes) return settle(() => reject(payloadTooLarge(maxBytes)));
        gather.add(chunk);
        if (share === undefined && chunk.length === expected) return;
        share ??= this.#hold();
        share.received(chunk.length);
      };
      // A stream of HTTP/2 that is reset ends as well, and what has come of it by then is not a body.
      const onEnd = (): void => (streamOf(req)?.closed === true ? onClose() : settle(() => resolve(gather.take())));
      const onClose = (): void => settle(() => reject(new ClientGone("the request ended before its body did")));
      const settle = (outcome: () => void): void => {
        this.#reject = undefined;
        req.off("data", onData).off("end", onEnd).off("close", onClose);
        share?.bodyOver();
        outcome();
      };
      this.#reject = (error) => settle(() => reject(error));
      req.on("data", onData).on("end", onEnd).on("close", onClose);
    });
  }
}

/** `undefined` when there is a body whose length only shows at its end. */
function announcedBytes(req: IncomingMessage): number | undefined {
  const { headers } = req;
  const stream = streamOf(req);
  if (stream !== undefined && headers["content-length"] === undefined) return stream.endAfterHeaders ? 0 : undefined;
  return headers["transfer-encoding"] === undefined ? Number(headers["content-length"] ?? 0) : undefined;
}
