/**
 * One stream of server-sent events (spec 4.1, 4.2, 4.3), whatever is streamed: headers, frames, heartbeats, bounded
 * output, and an end that says why. Over HTTP/1.1 frames go past Node's own framing, straight to the socket: they are
 * framed once for all who get them.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Writable } from "node:stream";
import type { Clock, TimerHandle, Timers } from "../env/env.ts";
import type { Outbox } from "../watch/frames.ts";
import { type Held, Outbound } from "./outbound.ts";
import { type SseFrame, sseFrame, sseText } from "./sse-frame.ts";

/** Where the frames come from. Whoever makes a stream calls nothing of it any more once `closed` was called. */
export interface SseSource {
  /** There is room again: go on from the log. */
  drained(): void;
  /** The stream is over, however it ended; called once. */
  closed(): void;
  /** The head of the stream is out: frames may be sent. */
  start?(): void;
  /** The id that a last frame carries: where to go on from. */
  resumeId?(): string | undefined;
}

/** A handler's answer that stays open. `open` is called once the stream may begin, and never if the client has gone. */
export interface SseReply {
  readonly heartbeatMs: number;
  open(stream: SseStream): SseSource;
}

export interface SseDeps {
  readonly clock: Pick<Clock, "wallMs" | "monotonicMs">;
  readonly timers: Pick<Timers, "after" | "clear">;
  readonly bufferBytes: number;
  /** A stream has as much pending as it may. */
  readonly full?: () => void;
  /** Where that is counted. */
  readonly hold?: (bytes: number, cut: () => void) => Held;
}

export const sseHeaders: readonly string[] = [
  "Content-Type",
  "text/event-stream",
  "Cache-Control",
  "no-store",
  "X-Accel-Buffering",
  "no",
];

export class SseStream implements Outbox<SseFrame> {
  readonly #res: ServerResponse;
  readonly #out: Writable;
  readonly #chunked: boolean;
  readonly #deps: SseDeps;
  readonly #outbound: Outbound;
  readonly #heartbeatMs: number;
  #source: SseSource | undefined;
  #lastMs: number;
  #beat: TimerHandle | undefined;

  private constructor(res: ServerResponse, out: Writable, chunked: boolean, heartbeatMs: number, deps: SseDeps) {
    this.#res = res;
    this.#out = out;
    this.#chunked = chunked;
    this.#deps = deps;
    this.#heartbeatMs = heartbeatMs;
    this.#lastMs = deps.clock.monotonicMs();
    this.#outbound = new Outbound(out, deps.timers, deps.bufferBytes, {
      full: deps.full,
      hold: deps.hold,
      drained: () => this.#source?.drained(),
      stalled: () => this.endWith(429, "throttled", "This stream was not read for 30 s.", { retry_after_ms: 2000 }),
      closed: () => this.#closed(),
    });
  }

  /** Begins to answer; the response's turn on its connection has come. */
  static begin(
    req: IncomingMessage,
    res: ServerResponse,
    reply: SseReply,
    deps: SseDeps,
    more: readonly string[] = [],
  ): SseStream {
    const headers = [...sseHeaders, ...more];
    const overHttp2 = req.httpVersionMajor === 2;
    const chunked = !overHttp2 && req.httpVersion !== "1.0";
    if (!overHttp2) {
      res.shouldKeepAlive = chunked;
      res.writeHead(200, chunked ? [...headers, "Transfer-Encoding", "chunked"] : headers);
    } else res.writeHead(200, headers);
    res.flushHeaders();
    const out = overHttp2 ? (res as unknown as { readonly stream: Writable }).stream : (res.socket as Socket);
    const stream = new SseStream(res, out, chunked, reply.heartbeatMs, deps);
    res.once("close", () => stream.#outbound.close());
    const source = reply.open(stream);
    stream.#source = source;
    stream.#begin(source.resumeId?.());
    source.start?.();
    return stream;
  }

  /** Nothing more is to be sent for now; `drained` will say when. */
  get isFull(): boolean {
    return this.#outbound.isFull;
  }

  /** Frames may be sent. */
  get isOpen(): boolean {
    return this.#outbound.isOpen;
  }

  /** The bytes of a whole frame. */
  send(frame: SseFrame): void {
    if (!this.#outbound.isOpen) return;
    this.#out.write(this.#chunked ? frame.chunked : frame.plain);
    this.#lastMs = this.#deps.clock.monotonicMs();
    this.#outbound.wrote();
  }

  /** A last `error` frame, and the end. */
  endWith(code: number | string, error: string, message: string, more: Readonly<Record<string, unknown>> = {}): void {
    const id = this.#source?.resumeId?.();
    const data = Buffer.from(JSON.stringify({ code, error, message, ...more }), "utf8");
    this.send(sseFrame("error", [data], id));
    this.end();
  }

  /** The server stops. */
  shutDown(): void {
    this.endWith("server_shutting_down", "shutting_down", "The server is stopping; come back in a moment.");
  }

  /** A clean end: everything sent so far still arrives. */
  end(): void {
    if (!this.#outbound.isOpen) return;
    this.#stopHeartbeat();
    this.#outbound.ending();
    this.#res.end();
  }

  /** The first block is no event; its id is what a browser comes back with that is cut off before the first one. */
  #begin(id: string | undefined): void {
    this.send(sseText(id === undefined ? "retry: 2000\n\n" : `retry: 2000\nid: ${id}\n\n`));
    this.#armHeartbeat(this.#heartbeatMs);
  }

  /** The timer is not moved by every frame: when it fires it looks how long ago the last one was. */
  #armHeartbeat(delayMs: number): void {
    if (!this.#outbound.isOpen) return;
    this.#beat = this.#deps.timers.after(Math.ceil(delayMs), () => {
      this.#beat = undefined;
      const { clock } = this.#deps;
      const silentMs = clock.monotonicMs() - this.#lastMs;
      const due = silentMs >= this.#heartbeatMs;
      if (due && !this.isFull) this.send(sseText(`: hb ${Math.floor(clock.wallMs())}\n\n`));
      this.#armHeartbeat(due ? this.#heartbeatMs : this.#heartbeatMs - silentMs);
    });
  }

  #stopHeartbeat(): void {
    if (this.#beat !== undefined) this.#deps.timers.clear(this.#beat);
    this.#beat = undefined;
  }

  #closed(): void {
    this.#stopHeartbeat();
    const source = this.#source;
    this.#source = undefined;
    source?.closed();
  }
}
