/**
 * Copies short runs of bytes between two arrays, four bytes at a time: up to about a hundred bytes that is faster than
 * making a view for `set`, and three times as fast as a loop over bytes.
 */
const longBytes = 112;

export class WordCopy {
  readonly length: number;
  readonly #from: Uint8Array;
  readonly #into: Uint8Array;
  readonly #fromView: DataView;
  readonly #intoView: DataView;

  constructor(from: Uint8Array, into: Uint8Array) {
    this.length = from.length;
    this.#from = from;
    this.#into = into;
    this.#fromView = new DataView(from.buffer, from.byteOffset, from.byteLength);
    this.#intoView = new DataView(into.buffer, into.byteOffset, into.byteLength);
  }

  /** Copies [start, end) to `at`; returns the offset behind it. */
  run(start: number, end: number, at: number): number {
    const length = end - start;
    const into = this.#into;
    const from = this.#from;
    if (length > longBytes) {
      into.set(from.subarray(start, end), at);
      return at + length;
    }
    const fromView = this.#fromView;
    const intoView = this.#intoView;
    let done = 0;
    for (; done + 16 <= length; done += 16) {
      intoView.setUint32(at + done, fromView.getUint32(start + done));
      intoView.setUint32(at + done + 4, fromView.getUint32(start + done + 4));
      intoView.setUint32(at + done + 8, fromView.getUint32(start + done + 8));
      intoView.setUint32(at + done + 12, fromView.getUint32(start + done + 12));
    }
    for (; done + 4 <= length; done += 4) intoView.setUint32(at + done, fromView.getUint32(start + done));
    for (; done < length; done++) into[at + done] = from[start + done];
    return at + length;
  }
}
