/** A server of this folder over the engine in memory, on a free loopback port, and requests to it. */
import { nodeEnv } from "../../env/node-env.ts";
import type { HttpConfig } from "../config.ts";
import { defaultHttpConfig } from "../config.ts";
import type { HttpServer } from "../server.ts";
import { startServer } from "../server.ts";
import { FakeEngine } from "./fake-engine.ts";
import type { RawResponse } from "./raw-client.ts";
import { RawClient } from "./raw-client.ts";

export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
  readonly json: Json;
}

/** Enough of a JSON value to look into it in a test. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export class Harness {
  readonly engine: FakeEngine;
  readonly server: HttpServer;
  readonly failures: unknown[];
  /** Resolves when the first connection has been refused. */
  readonly refused: Promise<void>;
  readonly #clients: RawClient[] = [];

  private constructor(engine: FakeEngine, server: HttpServer, failures: unknown[], refused: Promise<void>) {
    this.engine = engine;
    this.server = server;
    this.failures = failures;
    this.refused = refused;
  }

  static async start(config: Partial<HttpConfig> = {}): Promise<Harness> {
    const engine = new FakeEngine();
    const failures: unknown[] = [];
    let refuse = (): void => undefined;
    const refused = new Promise<void>((resolve) => {
      refuse = resolve;
    });
    const { clock, timers } = nodeEnv();
    const server = await startServer({
      engine,
      clock,
      timers,
      events: { handlerFailed: ({ error }) => void failures.push(error), connectionRefused: () => refuse() },
      config: { ...defaultHttpConfig, port: 0, version: "9.9.9", ...config },
    });
    return new Harness(engine, server, failures, refused);
  }

  async connect(): Promise<RawClient> {
    const client = await RawClient.open(this.server.port);
    this.#clients.push(client);
    return client;
  }

  /** One request on a connection of its own. A body is declared as JSON unless the headers say otherwise. */
  async request(method: string, target: string, options: RequestOptions = {}): Promise<Answer> {
    const client = await this.connect();
    client.send(requestBytes(method, target, options));
    const response = await client.response(method);
    client.destroy();
    return answerOf(response);
  }

  post(target: string, body: unknown): Promise<Answer> {
    return this.request("POST", target, { body: JSON.stringify(body) });
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await this.server.stop();
  }
}

export function requestBytes(method: string, target: string, options: RequestOptions = {}): Buffer {
  const body = options.body === undefined ? undefined : Buffer.from(options.body as string, "utf8");
  const headers: Record<string, string> = { host: "localhost" };
  if (body !== undefined) {
    headers["content-type"] = "application/json";
    headers["content-length"] = String(body.length);
  }
  Object.assign(headers, options.headers);
  const lines = Object.entries(headers).filter(([, value]) => value !== "");
  const head = `${method} ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), body ?? Buffer.alloc(0)]);
}

export function answerOf(response: RawResponse): Answer {
  const text = response.body.toString("utf8");
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: text.startsWith("{") ? (JSON.parse(text) as Json) : null,
  };
}

/** The member at a path such as `error.detail.field`. */
export function at(json: Json, path: string): Json | undefined {
  let value: Json | undefined = json;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Array.isArray(value) ? value[Number(key)] : value[key];
  }
  return value;
}

export function textAt(json: Json, path: string): string {
  const value = at(json, path);
  if (typeof value !== "string") throw new Error(`${path} is no string but ${JSON.stringify(value)}`);
  return value;
}
