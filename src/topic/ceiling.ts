/**
 * The seq ceiling of a topic (spec 6.1): no seq is acked or shown above what a synced frame has declared, so that no crash
 * makes a seq mean two things. Every frame of the topic declares one, ahead of need, and so the ceiling mostly rises in
 * syncs that happen anyway.
 *
 * A seq may be assigned up to a ceiling that is synced, or that a staged frame declares whose sync everything behind it
 * waits for. A frame never lives on its own declaration: the ceiling outlives the loss of any one frame.
 */
import { assert } from "../base/assert.ts";

export const smallestHeadroom = 1024;
export const largestHeadroom = 2 ** 22;
/** How much more is declared than was assigned while the last frame was on its way to the device. */
const ahead = 4;

export class Ceiling {
  #synced = 0;
  /** Declared by a frame whose sync is awaited. */
  #awaited = 0;
  #declared = 0;
  #headroom = smallestHeadroom;

  get synced(): number {
    return this.#synced;
  }

  get declared(): number {
    return this.#declared;
  }

  /** For the header of a frame behind which the topic's head is `head`. */
  declare(head: number): number {
    this.#declared = Math.max(this.#declared, head + this.#headroom);
    return this.#declared;
  }

  covers(seq: number): boolean {
    return seq <= this.#synced || seq <= this.#awaited;
  }

  /** Nearly used up: worth a frame of its own where no other frames come along. */
  isLow(head: number): boolean {
    return this.#declared - head < this.#headroom / 2;
  }

  /** So many records come right behind the creation. */
  expect(records: number): void {
    this.#headroom = Math.max(this.#headroom, records);
  }

  /** A frame is about to be staged for the sole purpose of raising it, `seq` at least. */
  widen(seq: number, head: number): void {
    this.#headroom = Math.min(largestHeadroom, this.#headroom * ahead);
    this.#headroom = Math.max(this.#headroom, seq - head);
  }

  /** Acks behind this frame wait for its sync. */
  await(ceiling: number): void {
    this.#awaited = Math.max(this.#awaited, ceiling);
  }

  /** A frame is synced; `assigned` seqs were given out meanwhile. */
  rise(ceiling: number, assigned: number): void {
    this.#synced = Math.max(this.#synced, ceiling);
    const wanted = Math.max(smallestHeadroom, assigned * ahead, this.#headroom - (this.#headroom >>> 4));
    this.#headroom = Math.min(largestHeadroom, wanted);
  }

  /** Staged frames have failed: what they declared does not count. */
  revert(): void {
    this.#awaited = 0;
    this.#declared = this.#synced;
  }

  /** A frame that was read. */
  replay(ceiling: number, lower: boolean): void {
    this.#declared = lower ? ceiling : Math.max(this.#declared, ceiling);
  }

  /** What stands in the log is synced, or nothing above it was ever acked. */
  settle(ceiling: number): void {
    assert(ceiling >= 0, "a ceiling is a seq");
    this.#synced = this.#declared = ceiling;
    this.#awaited = 0;
  }
}
