/**
 * The server's end of a connection in memory: a stream with as much of a socket about it as an HTTP server asks for. Its
 * bytes travel in virtual time, and its timeouts run in it. When the process dies nothing arrives any more.
 */
import { Duplex } from "node:stream";
import type { TimerHandle } from "../../src/env/env.ts";
import type { Scheduler } from "../scheduler.ts";
import type { SimEnv } from "../sim-env.ts";
import { Link } from "./link.ts";

/** The client's end. */
export interface Peer {
  received(bytes: Buffer): void;
  ended(): void;
}

export class MemorySocket extends Duplex {
  readonly remoteAddress = "127.0.0.1";
  readonly remotePort = 1024;
  timeout = 0;
  readonly #env: SimEnv;
  readonly #toServer: Link;
  readonly #toClient: Link;
  readonly #peer: Peer;
  #timer: TimerHandle | undefined;

  constructor(scheduler: Scheduler, env: SimEnv, peer: Peer) {
    super({ allowHalfOpen: true, decodeStrings: true });
    this.#env = env;
    this.#peer = peer;
    this.#toServer = new Link(scheduler);
    this.#toClient = new Link(scheduler);
  }

  // --- what the client does ----------------------------------------------------------------------------------------

  deliver(bytes: Uint8Array): void {
    this.#toServer.pass(() => {
      if (!this.#env.alive || this.destroyed) return;
      this.#active();
      this.push(Buffer.from(bytes));
    });
  }

  /** The client has said all it will. */
  finish(): void {
    this.#toServer.pass(() => {
      if (this.#env.alive && !this.destroyed) this.push(null);
    });
  }

  /** The client goes without a word; what it sent before may still arrive. */
  vanish(): void {
    this.#toClient.cut();
    this.#toServer.pass(() => {
      if (this.#env.alive && !this.destroyed) this.destroy();
    });
  }

  // --- what the server does ----------------------------------------------------------------------------------------

  override _read(): void {
    return undefined;
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#toClient.pass(() => {
      if (!this.#env.alive) return;
      this.#active();
      // Only now: the server must leave the bytes alone until it is told that they have gone.
      this.#peer.received(Buffer.from(chunk));
      done();
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#toClient.pass(() => {
      if (!this.#env.alive) return;
      this.#peer.ended();
      done();
    });
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.setTimeout(0);
    this.#toServer.cut();
    this.#toClient.pass(() => {
      if (this.#env.alive) this.#peer.ended();
    });
    done(error);
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }

  setTimeout(ms: number, callback?: () => void): this {
    this.timeout = ms;
    if (callback !== undefined) this.once("timeout", callback);
    this.#active();
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  #active(): void {
    if (this.#timer !== undefined) this.#env.timers.clear(this.#timer);
    this.#timer = undefined;
    if (this.timeout > 0) this.#timer = this.#env.timers.after(this.timeout, () => this.emit("timeout"));
  }
}
