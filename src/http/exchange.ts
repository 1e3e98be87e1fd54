/**
 * A request and its response on one socket, from the first header to the last byte taken by the kernel. A reply leaves
 * with one `writeHead` and one gathered write; on a pipelined connection Node keeps the answers in order.
 *
 * open → answered → closed, or open → closed when the client goes first. `closed` is told exactly once, by the
 * connection, which also sees the responses that never got a socket.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../env/env.ts";
import { type Grant, nothing } from "./auth/grant.ts";
import { Body } from "./body.ts";
import type { Call } from "./call.ts";
import type { DoorDeps } from "./deps.ts";
import { ClientGone } from "./errors.ts";
import { linkOf, streamOf } from "./link.ts";
import type { BufferBudget, Share } from "./limits/buffer-budget.ts";
import type { RouteMeter } from "./metrics/metrics.ts";
import type { Turn } from "./order.ts";
import type { Reply } from "./reply.ts";
import { type SseDeps, type SseReply, sseHeaders, SseStream } from "./sse.ts";
import type { UpgradeReply } from "./upgrade-reply.ts";
import { asksForWebSocket, type Upgrades } from "./upgrade.ts";

const jsonType = "application/json";

export type ExchangeDeps = Pick<DoorDeps, "clock" | "config" | "limits">;

export class Exchange implements Call {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly startedMs: number;
  /** Where its answer is counted. */
  meter: RouteMeter | undefined;
  readonly #body: Body;
  readonly #turn: Turn;
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #buffers: BufferBudget;
  readonly #over: (() => void)[] = [];
  #share: Share | undefined;
  #givePlaceBack: (() => void) | undefined;
  #pageHeaders: readonly string[] = [];
  #name = "";
  #query = "";
  #grant = nothing;
  #wait: AbortController | undefined;
  #release: (() => void) | undefined;
  #stream: { shutDown(): void } | undefined;
  #closed = false;

  constructor(req: IncomingMessage, res: ServerResponse, turn: Turn, deps: ExchangeDeps) {
    this.req = req;
    this.res = res;
    this.#clock = deps.clock;
    this.startedMs = deps.clock.monotonicMs();
    this.#turn = turn;
    this.#buffers = deps.limits.buffers;
    this.#body = new Body(req, res, deps.config.limits.maxBodyBytes, () => this.#held());
  }

  get method(): string {
    return this.req.method ?? "GET";
  }

  get headers(): IncomingHttpHeaders {
    return this.req.headers;
  }

  get name(): string {
    return this.#name;
  }

  get topic(): string {
    return this.#name;
  }

  get upgradable(): boolean {
    return asksForWebSocket(this.req);
  }

  get query(): string {
    return this.#query;
  }

  get grant(): Grant {
    return this.#grant;
  }

  /** Called once, when the client has its answer, the stream has ended, or the client has gone. */
  whenOver(over: () => void): void {
    if (this.#closed) over();
    else this.#over.push(over);
  }

  /** `back` is called when the request is over, or has become a stream, which holds a place of another kind. */
  holdPlace(back: () => void): void {
    this.#givePlaceBack = back;
    this.whenOver(back);
  }

  becomesStream(back: () => void): void {
    this.#givePlaceBack?.();
    this.whenOver(back);
  }

  /** What a web page needs to see in order to be shown the answer (7.2). */
  forPage(headers: readonly string[]): void {
    this.#pageHeaders = headers;
  }

  /** Who asks is known. */
  granted(grant: Grant): void {
    this.#grant = grant;
  }

  /** What the door made of the request's target. */
  addressed(name: string, query: string): void {
    this.#name = name;
    this.#query = query;
  }

  body(): Promise<Uint8Array> {
    return this.#body.read();
  }

  afterChanges<T>(look: () => T | Promise<T>): T | Promise<T> {
    const wait = this.#turn.untilReadable();
    return wait === undefined ? this.#look(look) : this.#lookAfter(wait, look);
  }

  inOrder<T>(change: (placed: () => void) => Promise<T>): Promise<T> {
    const wait = this.#turn.untilChangeable();
    const placed = (): void => this.#turn.issue();
    return wait === undefined ? change(placed) : wait.then(() => change(placed));
  }

  takeTime(): void {
    const stream = streamOf(this.req);
    if (stream !== undefined) {
      stream.setTimeout(0);
      return;
    }
    const { socket } = this.req;
    const { timeout = 0 } = socket;
    socket.setTimeout(0);
    // Unless Node has set the one for idle connections by then.
    this.res.once("close", () => socket.timeout === 0 && socket.setTimeout(timeout));
  }

  interrupted(): AbortSignal {
    this.#wait ??= new AbortController();
    if (this.#closed) this.#wait.abort();
    return this.#wait.signal;
  }

  /** Ends a wait early: what is known by now is the answer. */
  interrupt(): void {
    this.#wait?.abort();
    this.#stream?.shutDown();
  }

  /** The parser gave up inside this request's body: true when that becomes this request's answer. */
  bodyBroke(): boolean {
    return this.#body.fail();
  }

  /** Nobody is there to be answered. */
  get gone(): boolean {
    return this.#closed;
  }

  /** `last`: the connection ends with this answer, unless another request has arrived behind it. */
  send(reply: Reply, last: boolean): void {
    const { res } = this;
    if (this.#closed || res.headersSent) {
      reply.release?.();
      return;
    }
    this.#release = reply.release;
    if ((last && this.#turn.isLast) || reply.close === true || this.#body.withheld()) {
      res.shouldKeepAlive = false;
      this.#turn.endConnection();
    }
    const headers =
      reply.status === 204 ? [] : ["Content-Type", reply.type ?? jsonType, "Content-Length", String(reply.bytes)];
    if (reply.headers !== undefined) headers.push(...reply.headers);
    headers.push(...this.#pageHeaders);
    res.writeHead(reply.status, headers);
    this.meter?.answered(reply.status, this.#clock.monotonicMs() - this.startedMs);
    // Node would put the headers ahead of an interim answer that waits for its turn on the connection.
    if (res.socket === null && this.headers.expect !== undefined) res.flushHeaders();
    if (this.req.method === "HEAD") res.end();
    else writeChunks(res, reply);
    if (res.writableLength > 0) this.#held().add(reply.bytes);
    this.#body.discard();
  }

  /** An answer that stays open. It begins when its turn on the connection has come. */
  stream(reply: SseReply, deps: SseDeps, stopping: () => boolean): void {
    const { req, res } = this;
    if (this.#closed || res.headersSent) return;
    if (this.#body.withheld()) this.#turn.endConnection();
    if (req.method === "HEAD") {
      res.writeHead(200, [...sseHeaders, ...this.#pageHeaders]);
      res.end();
    } else if (res.socket === null) res.once("socket", () => this.#begin(reply, deps, stopping));
    else this.#begin(reply, deps, stopping);
    this.#body.discard();
  }

  /** The connection becomes a WebSocket. */
  upgrade(reply: UpgradeReply, upgrades: Upgrades, stopping: () => boolean): void {
    if (this.#closed) return;
    this.takeTime();
    upgrades.accept(this.req, this.res, (ws, socket) => {
      this.#stream = reply.upgrade(ws, socket);
      if (stopping()) this.#stream.shutDown();
    });
  }

  #begin(reply: SseReply, deps: SseDeps, stopping: () => boolean): void {
    if (this.#closed) return;
    this.takeTime();
    this.#stream = SseStream.begin(this.req, this.res, reply, deps, this.#pageHeaders);
    if (stopping()) this.#stream.shutDown();
  }

  /** Its handler has come to an end: nobody needs to wait for it. */
  handled(): void {
    this.#turn.settle();
    this.#share?.free();
  }

  closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#release?.();
    this.#release = undefined;
    this.#wait?.abort();
    this.#share?.end();
    for (const over of this.#over.splice(0)) over();
  }

  #held(): Share {
    this.#share ??= this.#buffers.share({
      pause: () => this.req.pause(),
      resume: () => this.req.resume(),
      cut: () => void linkOf(this.req).destroy(),
    });
    return this.#share;
  }

  async #lookAfter<T>(wait: Promise<void>, look: () => T | Promise<T>): Promise<T> {
    await wait;
    if (this.#closed) throw new ClientGone("nobody waits for this read any more");
    return this.#look(look);
  }

  #look<T>(look: () => T): T {
    try {
      return look();
    } finally {
      this.#turn.issue();
    }
  }
}

function writeChunks(res: ServerResponse, reply: Reply): void {
  const { chunks } = reply;
  const last = chunks.length - 1;
  if (last > 0) res.cork();
  for (let at = 0; at < last; at++) res.write(chunks[at], "latin1");
  res.end(chunks[last], "latin1");
}
