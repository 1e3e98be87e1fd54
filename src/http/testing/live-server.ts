/** A server of this folder over a real engine on a real disk, and a client that reads its streams event by event. */
import { type IncomingMessage, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEngine, type RunningEngine } from "../../engine/engine.ts";
import { defaultStorageConfig, type StorageConfig } from "../../engine/storage-config.ts";
import type { Env } from "../../env/env.ts";
import { nodeEnv } from "../../env/node-env.ts";
import { defaultWalConfig } from "../../wal/config.ts";
import { defaultHttpConfig, type HttpConfig } from "../config.ts";
import { type HttpServer, startServer } from "../server.ts";
import type { Json } from "./harness.ts";

export interface StreamEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: { readonly [key: string]: Json };
}

export class EventReader {
  readonly response: IncomingMessage;
  /** Everything that has come, comments and all. */
  text = "";
  #taken = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => {
      this.text += chunk;
      this.#wake?.();
    });
    const ended = (): void => {
      this.#ended = true;
      this.#wake?.();
    };
    response.on("end", ended).on("close", ended).on("error", ended);
  }

  /** The next event; `undefined` when the stream is over. */
  async next(): Promise<StreamEvent | undefined> {
    for (;;) {
      const end = this.text.indexOf("\n\n", this.#taken);
      if (end >= 0) {
        const block = this.text.slice(this.#taken, end);
        this.#taken = end + 2;
        const event = eventOf(block);
        if (event !== undefined) return event;
        continue;
      }
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** The next ones up to the first for which `last` holds. */
  async until(last: (event: StreamEvent) => boolean): Promise<StreamEvent[]> {
    const events: StreamEvent[] = [];
    for (;;) {
      const event = await this.next();
      if (event === undefined) throw new Error(`the stream ended after ${JSON.stringify(events)}`);
      events.push(event);
      if (last(event)) return events;
    }
  }

  /** Up to the moment in which so many topics have caught up. */
  caughtUp(topics = 1): Promise<StreamEvent[]> {
    let left = topics;
    return this.until(({ event }) => event === "caught-up" && --left === 0);
  }

  close(): void {
    this.response.destroy();
  }
}

function eventOf(block: string): StreamEvent | undefined {
  const fields = new Map(
    block.split("\n").map((line): [string, string] => {
      const colon = line.indexOf(": ");
      return [line.slice(0, colon), line.slice(colon + 2)];
    }),
  );
  const data = fields.get("data");
  if (data === undefined) return undefined;
  return { id: fields.get("id"), event: fields.get("event") ?? "", data: JSON.parse(data) as StreamEvent["data"] };
}

export interface LiveOptions {
  readonly http?: Partial<HttpConfig>;
  readonly storage?: Partial<StorageConfig>;
  readonly maxWatchSessions?: number;
  readonly env?: Env;
  readonly pressureDelayMs?: number;
}

export class LiveServer {
  readonly engine: RunningEngine;
  readonly server: HttpServer;
  readonly failures: unknown[];
  readonly #directory: string;
  readonly #readers: EventReader[] = [];

  private constructor(engine: RunningEngine, server: HttpServer, failures: unknown[], directory: string) {
    this.engine = engine;
    this.server = server;
    this.failures = failures;
    this.#directory = directory;
  }

  static async start({
    http,
    storage,
    maxWatchSessions,
    pressureDelayMs = 0,
    env = nodeEnv(),
  }: LiveOptions = {}): Promise<LiveServer> {
    const failures: unknown[] = [];
    const directory = join(tmpdir(), `topics-live-${Buffer.from(env.random.bytes(8)).toString("hex")}`);
    await env.fs.mkdir(directory);
    const engine = await openEngine(
      env,
      {
        directory,
        shards: 1,
        shardsAsked: false,
        wal: defaultWalConfig,
        storage: { ...defaultStorageConfig, ...storage },
        maxTopics: 0,
        maxIdempotencyKeys: 0,
        pressureDelayMs,
        ...(maxWatchSessions === undefined ? {} : { maxWatchSessions }),
      },
      { events: () => undefined, crash: (error) => void failures.push(error) },
    );
    await engine.recover();
    const server = await startServer({
      engine,
      clock: env.clock,
      timers: env.timers,
      events: { handlerFailed: ({ error }) => void failures.push(error), connectionRefused: () => undefined },
      config: { ...defaultHttpConfig, port: 0, ...http },
    });
    return new LiveServer(engine, server, failures, directory);
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number; json: { [key: string]: Json } }> {
    const response = await this.#request(method, path, body, headers);
    let text = "";
    for await (const chunk of response.setEncoding("utf8")) text += chunk as string;
    return { status: response.statusCode ?? 0, json: JSON.parse(text || "{}") as { [key: string]: Json } };
  }

  async append(topic: string, ...data: Json[]): Promise<void> {
    const { status, json } = await this.call("POST", `/v0/topics/${topic}`, {
      records: data.map((value) => ({ data: value })),
    });
    if (status > 201) throw new Error(JSON.stringify(json));
  }

  async session(body: unknown, query = ""): Promise<string> {
    const { status, json } = await this.call("POST", `/v0/watch${query}`, body);
    if (status !== 200) throw new Error(JSON.stringify(json));
    return json["wid"] as string;
  }

  async stream(wid: string, headers: Readonly<Record<string, string>> = {}): Promise<EventReader> {
    const response = await this.#request("GET", `/v0/watch/${wid}`, undefined, headers);
    const reader = new EventReader(response);
    this.#readers.push(reader);
    return reader;
  }

  async stop(): Promise<void> {
    for (const reader of this.#readers) reader.close();
    await this.server.stop();
    await this.engine.close(10_000);
    const { fs } = nodeEnv();
    for (const name of await fs.readdir(this.#directory)) await fs.unlink(join(this.#directory, name));
    await fs.rmdir(this.#directory);
  }

  #request(
    method: string,
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>>,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = httpRequest({
        host: "127.0.0.1",
        port: this.server.port,
        method,
        path,
        agent: false,
        headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      });
      request.on("response", resolve).on("error", reject);
      request.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
    });
  }
}
