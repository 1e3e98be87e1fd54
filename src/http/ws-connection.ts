/**
 * One WebSocket (spec 4.4): commands in, answers and deliveries out. Commands take effect in the order in which they came;
 * an append does not wait for the one before it to be acked. While the client does not read, its commands are not read
 * either, so that neither answers nor deliveries pile up.
 */
import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import { BatchCompaction } from "../base/compact-batch.ts";
import type { ControlObject } from "../base/control-json.ts";
import { ControlScan } from "../base/control-scan.ts";
import { TopicsError } from "../base/errors.ts";
import { portableSlicer } from "../base/json-slice.ts";
import { defaultHeartbeatMs, maxIdempotencyKeyBytes } from "../base/limits.ts";
import { recycleBatch } from "../base/slot-table.ts";
import { fieldNames } from "../base/write-fields.ts";
import type { TimerHandle } from "../env/env.ts";
import type { Outbox } from "../watch/frames.ts";
import type { SocketHandle } from "../watch/watch.ts";
import type { Grant } from "./auth/grant.ts";
import type { DoorDeps } from "./deps.ts";
import { internalError } from "./errors.ts";
import { Outbound } from "./outbound.ts";
import { demandConfigNames, statedConfig, topicConfigShape } from "./shapes/topic-config.ts";
import { knownFields, publishFrom, subscribeFrom, textOf, Unintelligible, unsubscribeFrom } from "./shapes/ws.ts";
import { inSlices } from "./slices.ts";
import {
  ackMessage,
  errorMessage,
  pongMessage,
  subscribedMessage,
  unsubscribedMessage,
  wsFormat,
} from "./ws-format.ts";

/** Commands that wait for the ones before them; more are not read for now. */
const mostWaiting = 64;
const fields = fieldNames([...knownFields]);
const closeGoingAway = 1001;
const closeTryAgain = 1013;

export class WsConnection implements Outbox<Buffer> {
  readonly #ws: WebSocket;
  readonly #grant: Grant;
  readonly #deps: DoorDeps;
  readonly #outbound: Outbound;
  readonly #following: SocketHandle;
  #order: Promise<void> = Promise.resolve();
  #waiting = 0;
  #beat: TimerHandle | undefined;

  constructor(ws: WebSocket, socket: Socket, grant: Grant, deps: DoorDeps) {
    this.#ws = ws;
    this.#grant = grant;
    this.#deps = deps;
    this.#outbound = new Outbound(socket, deps.timers, deps.config.streamBufferBytes, {
      full: () => deps.metrics.streamFull(),
      hold: (bytes, cut) => deps.limits.buffers.hold(bytes, cut),
      drained: () => {
        this.#read();
        this.#following.drained();
      },
      stalled: () => this.#endWith("throttled", "This socket was not read for 30 s.", closeTryAgain),
      closed: () => this.#closed(),
    });
    this.#following = deps.engine.watch.socket(wsFormat, this);
    ws.on("message", (data: Buffer, isBinary: boolean) => this.#take(data, isBinary));
    // What is wrong with a connection closes it as well.
    ws.on("error", () => undefined);
    this.#armBeat();
  }

  /** The server stops. */
  shutDown(): void {
    this.#endWith("server_shutting_down", "The server is stopping; come back in a moment.", closeGoingAway);
  }

  get isOpen(): boolean {
    return this.#outbound.isOpen;
  }

  get isFull(): boolean {
    return this.#outbound.isFull;
  }

  /** A whole message. */
  send(bytes: Buffer): void {
    if (!this.#outbound.isOpen) return;
    this.#ws.send(bytes, { binary: false });
    this.#outbound.wrote();
    if (this.#outbound.isFull) this.#ws.pause();
  }

  /** Its topics may come to an end; the socket stays. */
  end(): void {}

  #endWith(code: string, message: string, closeCode: number): void {
    if (!this.#outbound.isOpen) return;
    this.send(errorMessage("null", code, { message }));
    this.#outbound.ending();
    this.#stopBeat();
    this.#ws.resume();
    this.#ws.close(closeCode);
  }

  #closed(): void {
    this.#stopBeat();
    this.#following.closed();
  }

  // --- commands --------------------------------------------------------------------------------------------------

  #take(data: Buffer, isBinary: boolean): void {
    this.#waiting++;
    if (this.#waiting >= mostWaiting) this.#ws.pause();
    this.#order = this.#order
      .then(() => this.#obey(data, isBinary))
      .then(() => {
        this.#waiting--;
        this.#read();
      });
  }

  #read(): void {
    if (this.#waiting < mostWaiting && !this.#outbound.isFull && this.#ws.isPaused) this.#ws.resume();
  }

  /** Never rejects. Resolves when the next command may follow. */
  async #obey(data: Buffer, isBinary: boolean): Promise<void> {
    if (!this.#outbound.isOpen) return;
    const startedMs = this.#deps.clock.monotonicMs();
    let requestId = "null";
    try {
      if (isBinary) {
        this.send(errorMessage("null", "unsupported_message", { message: "Messages are JSON text." }));
        return;
      }
      const value = await this.#envelope(data);
      requestId = textOf(value["request_id"]);
      switch (value["op"]) {
        case "ping":
          return this.send(pongMessage(requestId));
        case "subscribe":
          return this.#subscribe(value, requestId);
        case "unsubscribe":
          return this.#unsubscribe(value, requestId);
        case "publish":
          return await this.#publish(value, data, requestId, startedMs);
        default:
          throw new Unintelligible("op must be subscribe, unsubscribe, publish or ping");
      }
    } catch (error) {
      this.#refuse(requestId, error);
    }
  }

  async #envelope(data: Buffer): Promise<ControlObject> {
    try {
      const scan = new ControlScan(data, fields, this.#deps.config.limits.maxDepth);
      await inSlices(scan, this.#deps.timers);
      return scan.result();
    } catch (error) {
      throw unintelligible(error);
    }
  }

  #subscribe(value: ControlObject, requestId: string): void {
    this.#demandReady();
    this.#grant.demand("read");
    const { wanted, options, lenient } = subscribeFrom(value, this.#deps.config);
    for (const { name } of wanted) this.#grant.demandName("topic", name);
    this.send(subscribedMessage(requestId, this.#following.subscribe(wanted, options, lenient)));
  }

  #unsubscribe(value: ControlObject, requestId: string): void {
    const names = unsubscribeFrom(value, this.#deps.config);
    for (const name of names) this.#following.unsubscribe(name);
    this.send(unsubscribedMessage(requestId, names));
  }

  async #publish(value: ControlObject, data: Buffer, requestId: string, startedMs: number): Promise<void> {
    this.#demandReady();
    this.#grant.demand("write");
    const { topic, returnSeqs } = publishFrom(value);
    this.#grant.demandName("topic", topic);
    const body = await this.#body(data);
    let isStaged = (): void => undefined;
    const staged = new Promise<void>((resolve) => (isStaged = resolve));
    const answered = (async (): Promise<void> => {
      try {
        const config =
          body.config === undefined
            ? undefined
            : statedConfig(topicConfigShape.parse(body.config, "config"), topic, "config");
        if (config !== undefined) {
          this.#grant.demand("admin");
          demandConfigNames(this.#grant, config, "config.dead_letter");
        }
        const { batch, idempotencyKey, create, disableBackpressure } = body;
        const request = {
          batch,
          idempotencyKey,
          create,
          config,
          mayConfigure: true,
          disableBackpressure,
          staged: isStaged,
        };
        const result = await this.#deps.engine.append(topic, request);
        this.send(ackMessage(requestId, topic, result, returnSeqs, this.#deps.clock.monotonicMs() - startedMs));
      } catch (error) {
        this.#refuse(requestId, error);
      } finally {
        recycleBatch(body.batch);
      }
    })();
    await Promise.race([staged, answered]);
  }

  async #body(data: Buffer): Promise<ReturnType<ReturnType<typeof portableSlicer.begin>["result"]>> {
    const { timers, config } = this.#deps;
    const slicing = portableSlicer.begin(data, { ...config.limits, maxKeyBytes: maxIdempotencyKeyBytes });
    try {
      await inSlices(slicing, timers);
    } catch (error) {
      throw unintelligible(error);
    }
    const body = slicing.result();
    await inSlices(new BatchCompaction(body.batch), timers);
    return body;
  }

  #demandReady(): void {
    const status = this.#deps.engine.status();
    if (status.state !== "ready") throw new TopicsError("shutting_down", "The server is stopping.");
  }

  #refuse(requestId: string, error: unknown): void {
    if (error instanceof Unintelligible) {
      this.send(errorMessage(requestId, "invalid_json", error));
      return;
    }
    const isOurs = error instanceof TopicsError;
    if (!isOurs) this.#deps.events.handlerFailed({ method: "WS", path: "/v0/ws", error });
    const { code, message, detail } = isOurs ? error : internalError();
    const ms = detail?.["retry_after_ms"];
    this.send(errorMessage(requestId, code, { message, retryAfterMs: typeof ms === "number" ? ms : undefined }));
  }

  // --- half-open connections -------------------------------------------------------------------------------------

  /** What is written to a peer that is gone ends the connection some day. */
  #armBeat(): void {
    this.#beat = this.#deps.timers.after(defaultHeartbeatMs, () => {
      if (!this.#outbound.isOpen) return;
      if (!this.#outbound.isFull) this.#ws.ping();
      this.#armBeat();
    });
  }

  #stopBeat(): void {
    if (this.#beat !== undefined) this.#deps.timers.clear(this.#beat);
    this.#beat = undefined;
  }
}

/** Of a message that cannot be read, or has a field that is missing or mistyped. */
function unintelligible(error: unknown): unknown {
  if (!(error instanceof TopicsError) || error.code !== "invalid_request") return error;
  return new Unintelligible(error.message, { cause: error });
}
