/**
 * Who may take space when there is little (spec 6.6). While the disk is full only what must go on takes any: the manifest,
 * checkpoints, lists of deletes; for them the reserve is given back. Everybody else asks first, and waits until the reserve is
 * whole again: what is freed goes there before it goes anywhere else.
 *
 * States: plenty → short (a call failed for want of space) → plenty (the reserve was had back).
 */
import { type Clock, errnoOf } from "../env/env.ts";
import type { Reserve } from "./reserve.ts";

/** For something that must go on the reserve stays open for so long. */
const openMs = 5000;

export interface Room {
  readonly isShort: boolean;
  /** A call failed for want of space. */
  noteShort(): void;
  /** Gives the reserve to something that must go on. */
  open(): Promise<void>;
  /** `true` when there is room for anybody: the reserve is whole. */
  refill(): Promise<boolean>;
}

/** A disk that is never full. */
export const plenty: Room = {
  isShort: false,
  noteShort: () => undefined,
  open: () => Promise.resolve(),
  refill: () => Promise.resolve(true),
};

export class DiskRoom implements Room {
  readonly #clock: Clock;
  readonly #reserve: Reserve;
  readonly #leastBytes: number;
  #bytes: number;
  #short = false;
  #openUntilMs = -Infinity;

  constructor(clock: Clock, reserve: Reserve, leastBytes: number) {
    this.#clock = clock;
    this.#reserve = reserve;
    this.#leastBytes = leastBytes;
    this.#bytes = leastBytes;
  }

  get isShort(): boolean {
    return this.#short;
  }

  noteShort(): void {
    this.#short = true;
  }

  async open(): Promise<void> {
    this.#short = true;
    this.#openUntilMs = this.#clock.monotonicMs() + openMs;
    if (this.#reserve.bytes > 0) await this.#tried(() => this.#reserve.release());
  }

  /** What had to go on has gone on. */
  close(): void {
    this.#openUntilMs = -Infinity;
  }

  /** From now on the reserve is to have so much. */
  async keep(bytes: number): Promise<void> {
    this.#bytes = Math.max(this.#leastBytes, bytes);
    await this.refill();
  }

  async refill(): Promise<boolean> {
    if (this.#clock.monotonicMs() < this.#openUntilMs) return false;
    if (this.#reserve.bytes >= this.#bytes && !this.#short) return true;
    const whole = (await this.#tried(() => this.#reserve.refill(this.#bytes))) ?? true;
    this.#short = !whole;
    return whole;
  }

  /** A reserve that the disk fails is no reason to stop anybody. */
  async #tried<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return undefined;
    }
  }
}
