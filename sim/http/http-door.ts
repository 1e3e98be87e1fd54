/**
 * The whole HTTP application over connections in memory (spec 8.2): its clients speak HTTP in bytes, several requests on a
 * connection at once, cut into pieces as the seed has them. What they get is what the engine's interface would have given.
 */
import { TopicsError } from "../../src/base/errors.ts";
import type {
  AppendResult,
  BackupResult,
  ConfigureResult,
  DeleteRecordsRequest,
  DeleteRecordsResult,
  DeleteTopicResult,
  TopicPage,
  TopicState,
} from "../../src/engine/api.ts";
import type { RunningEngine } from "../../src/engine/engine.ts";
import { defaultHttpConfig } from "../../src/http/config.ts";
import { createDoor } from "../../src/http/server.ts";
import type { PutRouterResult, RouterRequest, RouterState } from "../../src/router/router.ts";
import type { TopicConfigPatch } from "../../src/topic/config.ts";
import type { ReadRequest, ReadResult } from "../../src/topic/read.ts";
import type { ClosingDoor, WrittenAppend } from "../door.ts";
import { Violation } from "../oracle/oracle.ts";
import type { Prng } from "../prng.ts";
import type { Scheduler } from "../scheduler.ts";
import type { SimEnv } from "../sim-env.ts";
import { Connection, ConnectionLost, requestBytes, type Response } from "./connection.ts";
import {
  bodyOf,
  camelResult,
  configBody,
  configFrom,
  type Json,
  predicateTuple,
  readBody,
  readResult,
  stateFrom,
} from "./wire.ts";

export interface HttpDoorDeps {
  readonly engine: RunningEngine;
  readonly env: SimEnv;
  readonly scheduler: Scheduler;
  readonly prng: Prng;
  /** Requests and replies, a line each. */
  note(line: string): void;
  bug(error: unknown): void;
}

interface Kept {
  readonly connection: Connection;
  readonly number: number;
  usedMs: number;
}

const mostConnections = 4;
/** Below the time after which the server ends an idle connection. */
const longestIdleMs = 30_000;

export class HttpDoor implements ClosingDoor {
  readonly #deps: HttpDoorDeps;
  readonly #door: ReturnType<typeof createDoor>;
  readonly #connections: Connection[] = [];
  #kept: Kept[] = [];
  #opened = 0;
  #closing = false;

  constructor(deps: HttpDoorDeps) {
    this.#deps = deps;
    const { engine, env } = deps;
    this.#door = createDoor({
      engine,
      clock: env.clock,
      timers: env.timers,
      config: { ...defaultHttpConfig, backups: true },
      events: {
        handlerFailed: ({ error }) => deps.bug(error),
        connectionRefused: ({ code }) => deps.note(`refused ${code}`),
      },
    });
  }

  get hasConnections(): boolean {
    return this.#kept.some(({ connection }) => connection.isOpen);
  }

  get isBusy(): boolean {
    return this.#kept.some(({ connection }) => connection.inFlight > 0);
  }

  /** A connection of its own, for somebody who says exactly what is sent. */
  connect(): Connection {
    const { scheduler, env, prng } = this.#deps;
    const connection = new Connection(this.#door.server, scheduler, env, prng.fork(`connection ${++this.#opened}`));
    this.#connections.push(connection);
    return connection;
  }

  /** When the run is over: a parser of Node's keeps everything alive that has to do with its connection until that closes. */
  discard(): void {
    for (const connection of this.#connections) connection.discard();
  }

  async append(topic: string, { body }: WrittenAppend): Promise<AppendResult> {
    const result = camelResult(await this.#ask("POST", `/v0/topics/${topic}`, body)) as AppendResult;
    return { ...result, walAppendMs: 0, fsyncMs: 0 };
  }

  async read(topic: string, request: ReadRequest): Promise<ReadResult> {
    const target = `/v0/topics/${topic}/diff`;
    const isPoll = request.waitMs > 0;
    return readResult(await this.#ask("POST", target, readBody(request), isPoll));
  }

  async configureTopic(topic: string, patch: TopicConfigPatch, mode: "put" | "patch"): Promise<ConfigureResult> {
    const method = mode === "put" ? "PUT" : "PATCH";
    const wire = bodyOf(await this.#ask(method, `/v0/topics/${topic}`, configBody(patch)));
    return { created: wire["created"] as boolean, config: configFrom(wire["config"] as Json) };
  }

  async topicState(topic: string, touch: boolean): Promise<TopicState> {
    return stateFrom(bodyOf(await this.#ask("GET", `/v0/topics/${topic}?touch=${touch}`)));
  }

  async listTopics(prefix: string, after: string | undefined, pageSize: number, touch: boolean): Promise<TopicPage> {
    const query = `prefix=${prefix}&page_size=${pageSize}&touch=${touch}`;
    if (after !== undefined) throw new Error("lists are read from the beginning here");
    const wire = bodyOf(await this.#ask("GET", `/v0/topics?${query}`));
    const topics = (wire["topics"] as Json[]).map((topic) => ({ topic: topic["topic"] }) as TopicState);
    return { topics, next: wire["next_cursor"] as string | undefined };
  }

  async deleteTopic(topic: string, ifEmpty: boolean): Promise<DeleteTopicResult> {
    return camelResult(await this.#ask("DELETE", `/v0/topics/${topic}?if_empty=${ifEmpty}`)) as DeleteTopicResult;
  }

  async deleteRecords(topic: string, { beforeSeq, match }: DeleteRecordsRequest): Promise<DeleteRecordsResult> {
    const body = JSON.stringify({
      ...(beforeSeq === undefined ? {} : { before_seq: beforeSeq }),
      ...(match === undefined ? {} : { match: predicateTuple(match) }),
    });
    return camelResult(await this.#ask("POST", `/v0/topics/${topic}/delete`, body)) as DeleteRecordsResult;
  }

  /** Whether it was made is all that anybody asks. */
  async putRouter(router: string, request: RouterRequest): Promise<PutRouterResult> {
    const { source, dest, preserveNode, preserveTag, createDest, filter, allowCycle, exactlyOnce } = request;
    const body = {
      ...{ source, dest, preserve_node: preserveNode, preserve_tag: preserveTag, create_dest: createDest },
      ...{ allow_cycle: allowCycle, guarantee: exactlyOnce ? "exactly_once" : "at_least_once" },
      ...(filter === undefined ? {} : { filter: predicateTuple(filter) }),
    };
    const wire = bodyOf(await this.#ask("PUT", `/v0/routers/${encodeURIComponent(router)}`, JSON.stringify(body)));
    const how = { forwardedTotal: 0, lag: 0, pausedBy: undefined, lastError: undefined };
    const state: RouterState = { router, ...request, ...how };
    return { created: wire["created"] as boolean, state };
  }

  async deleteRouter(router: string): Promise<boolean> {
    const wire = bodyOf(await this.#ask("DELETE", `/v0/routers/${encodeURIComponent(router)}`));
    return wire["deleted"] as boolean;
  }

  async backup(name: string): Promise<BackupResult> {
    return camelResult(await this.#ask("POST", "/v0/backup", JSON.stringify({ name }), true)) as BackupResult;
  }

  /** Everything in flight is answered, and every connection ends. */
  async close(): Promise<void> {
    this.#closing = true;
    const { cutOff } = await this.#door.stop();
    if (cutOff > 0) throw new Violation("9.4/11", `${cutOff} requests were cut off by a stop`);
  }

  async #ask(method: string, target: string, body?: string, alone = false): Promise<Response> {
    if (this.#closing) throw new TopicsError("shutting_down", "the server is stopping");
    const kept = this.#connection(alone);
    kept.usedMs = this.#deps.scheduler.clock.monotonicMs();
    this.#deps.note(`http ${kept.number} > ${method} ${target} ${body?.length ?? 0}`);
    kept.connection.send(requestBytes(method, target, body));
    try {
      const response = await kept.connection.response();
      this.#deps.note(`http ${kept.number} < ${response.status} ${withoutPerformance(response.body)}`);
      if (alone) kept.connection.finish();
      return response;
    } catch (error) {
      if (this.#closing && error instanceof ConnectionLost)
        throw new TopicsError("shutting_down", "the server has stopped");
      throw error;
    }
  }

  /** `alone`: nobody waits behind this request. */
  #connection(alone: boolean): Kept {
    const { prng, scheduler } = this.#deps;
    const usedMs = scheduler.clock.monotonicMs();
    if (alone) return { connection: this.connect(), number: this.#opened, usedMs };
    for (const kept of this.#kept)
      if (kept.connection.isOpen && kept.connection.inFlight === 0 && usedMs - kept.usedMs > longestIdleMs)
        kept.connection.vanish();
    this.#kept = this.#kept.filter(({ connection }) => connection.isOpen);
    if (this.#kept.length === 0 || (this.#kept.length < mostConnections && prng.chance(30)))
      this.#kept.push({ connection: this.connect(), number: this.#opened, usedMs });
    return prng.pick(this.#kept);
  }
}

function withoutPerformance(body: string): string {
  return body.replace(/,"performance":\{[^}]*\}/, "");
}
