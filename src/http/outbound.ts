/**
 * What goes out on a connection that stays (spec 4.3): SSE streams and WebSockets. Nothing is queued here beyond what the
 * socket holds, and that is bounded: once `bufferBytes` are pending the owner is to send nothing until it is told that
 * there is room again. A client that leaves it full for too long is given up.
 *
 * open → ending (the last bytes are on their way) → closed. `closed` is told once, however it comes.
 */
import type { Writable } from "node:stream";
import type { TimerHandle, Timers } from "../env/env.ts";

/** How long an outbound side may be full, and how long the last bytes may take. */
export const stalledAfterMs = 30_000;
const lingerMs = 5_000;

export interface OutboundOwner {
  /** As much is pending as may be; for who counts. */
  full?: (() => void) | undefined;
  /** What is pending is held for as long as it is full (7.3); `cut` gives the client up. */
  hold?: ((bytes: number, cut: () => void) => Held) | undefined;
  /** There is room again. */
  drained(): void;
  /** It has been full for too long. */
  stalled(): void;
  /** Nothing can be sent any more. */
  closed(): void;
}

/** Memory that is counted until `end`. */
export interface Held {
  end(): void;
}

/** A socket, or a stream of an HTTP/2 connection. */
export type OutboundTarget = Pick<
  Writable,
  "on" | "off" | "writable" | "writableLength" | "writableHighWaterMark" | "destroy"
>;

export class Outbound {
  readonly #out: OutboundTarget;
  readonly #timers: Pick<Timers, "after" | "clear">;
  readonly #bufferBytes: number;
  readonly #owner: OutboundOwner;
  #state: "open" | "ending" | "closed" = "open";
  #full = false;
  #held: Held | undefined;
  #timer: TimerHandle | undefined;

  constructor(out: OutboundTarget, timers: Pick<Timers, "after" | "clear">, bufferBytes: number, owner: OutboundOwner) {
    this.#out = out;
    this.#timers = timers;
    // Below its own mark a stream does not say when it has room.
    this.#bufferBytes = Math.max(bufferBytes, out.writableHighWaterMark);
    this.#owner = owner;
    out.on("drain", this.#drained);
    out.on("close", this.#closed);
    out.on("error", this.#ignored);
  }

  /** A client that is done sending has its connection ended before that is over. */
  get isOpen(): boolean {
    return this.#state === "open" && this.#out.writable;
  }

  /** Nothing more is to be sent for now; `drained` will say when. */
  get isFull(): boolean {
    return this.#full;
  }

  get pendingBytes(): number {
    return this.#out.writableLength;
  }

  /** Something has been handed to the socket. */
  wrote(): void {
    if (this.#full || this.#state !== "open" || this.#out.writableLength < this.#bufferBytes) return;
    this.#full = true;
    this.#owner.full?.();
    this.#held = this.#owner.hold?.(this.#out.writableLength, () => this.#out.destroy());
    this.#timer = this.#timers.after(stalledAfterMs, () => this.#stalled());
  }

  /** The last bytes have been handed over; whoever does not take them soon loses them. */
  ending(): void {
    if (this.#state !== "open") return;
    this.#state = "ending";
    this.#clear();
    this.#timer = this.#timers.after(lingerMs, () => this.#out.destroy());
  }

  readonly #drained = (): void => {
    if (!this.#full || this.#state !== "open") return;
    this.#full = false;
    this.#clear();
    this.#free();
    this.#owner.drained();
  };

  readonly #closed = (): void => {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#clear();
    this.#free();
    this.#out.off("drain", this.#drained).off("close", this.#closed);
    this.#owner.closed();
  };

  /** A connection that breaks closes as well, and that is what counts. */
  readonly #ignored = (): void => undefined;

  /** Called from outside when the exchange ends though its socket lives on. */
  close(): void {
    this.#closed();
    this.#out.off("error", this.#ignored);
  }

  #stalled(): void {
    this.#timer = undefined;
    this.#owner.stalled();
  }

  #free(): void {
    this.#held?.end();
    this.#held = undefined;
  }

  #clear(): void {
    if (this.#timer !== undefined) this.#timers.clear(this.#timer);
    this.#timer = undefined;
  }
}
