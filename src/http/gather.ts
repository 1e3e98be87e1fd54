/**
 * Pieces of a body into one buffer, without a long copy at the end: once a body turns out to be large, room for all of
 * it is reserved and filled as it arrives. Reserved memory that nothing arrives for is never touched, so announcing much
 * and sending little costs the server nothing.
 */

/** Up to here joining the pieces takes well under a millisecond. */
const smallBytes = 256 * 1024;
/** Reserved at once for a body that announces nothing. */
const reservedBytes = 64 * 1024 * 1024;

export class Gather {
  readonly #expected: number;
  #pieces: Uint8Array[] = [];
  #whole: Buffer | undefined;
  #bytes = 0;

  /** `expected`: as announced, or the most that may come. */
  constructor(expected: number) {
    this.#expected = expected;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(piece: Uint8Array): void {
    const bytes = this.#bytes + piece.length;
    if (bytes <= smallBytes) this.#pieces.push(piece);
    else this.#room(bytes).set(piece, this.#bytes);
    this.#bytes = bytes;
  }

  /** Everything so far; the gathering is over. */
  take(): Uint8Array {
    if (this.#whole !== undefined) return this.#whole.subarray(0, this.#bytes);
    return this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces, this.#bytes);
  }

  /** A buffer that holds what there is and has room for `bytes` in all. */
  #room(bytes: number): Buffer {
    const before = this.#whole;
    if (before !== undefined && before.length >= bytes) return before;
    const room = Buffer.allocUnsafeSlow(Math.max(bytes, Math.min(this.#expected, this.#nextSize(before))));
    if (before !== undefined) room.set(before.subarray(0, this.#bytes));
    else this.#movePiecesInto(room);
    this.#whole = room;
    return room;
  }

  #nextSize(before: Buffer | undefined): number {
    return before === undefined ? reservedBytes : before.length * 2;
  }

  #movePiecesInto(room: Buffer): void {
    let at = 0;
    for (const piece of this.#pieces) {
      room.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [];
  }
}
