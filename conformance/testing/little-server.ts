/**
 * A deliberately small server for the tests of the probe: arrays in memory over node:http, right where `core` looks, and
 * wrong on demand, so that the tests can show that cases pass and that they can fail.
 */
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Fields, Refusal, config as readConfig, invalid, isName, predicate } from "./little-fields.ts";
import type { Config } from "./little-fields.ts";
import { metricsJson, metricsText } from "./little-metrics.ts";
import { readJson } from "./little-json.ts";
import type { JsonNode } from "./little-json.ts";
import { LittleTopic } from "./little-topic.ts";
import type { Appended, Draft, Read } from "./little-topic.ts";
import type { Wrong } from "./little-wrong.ts";

const maxBodyBytes = 64 * 1024 * 1024;
const maxRecordBytes = 1024 * 1024;
const empty: JsonNode = { kind: "object", raw: "{}", value: {}, members: [], items: [] };

interface Answer {
  readonly status: number;
  /** JSON text. */
  readonly text: string;
  readonly allow?: string;
  /** Where it is not JSON. */
  readonly type?: string;
}

interface Call {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly body: JsonNode;
  readonly headerKey: string | undefined;
  readonly closed: AbortSignal;
}

type Handler = (call: Call, name: string) => Answer | Promise<Answer>;

export class LittleServer {
  readonly #topics = new Map<string, LittleTopic>();
  readonly #wrong: Wrong | undefined;
  readonly #token: string | undefined;
  readonly #server: Server;

  constructor(wrong?: Wrong, token?: string) {
    this.#wrong = wrong;
    this.#token = token;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  get topics(): readonly string[] {
    return [...this.#topics.keys()];
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on("close", () => {
      gone.abort();
    });
    let answer: Answer;
    try {
      answer = await this.#answer(request, gone.signal);
    } catch (error) {
      if (request.destroyed && !request.complete) return;
      const { status, code, detail } = error instanceof Refusal ? error : new Refusal(500, "internal");
      const { allow, ...rest } = detail;
      const text = JSON.stringify({ error: { code, message: `refused: ${code}`, detail: rest } });
      answer = {
        status: this.#wrong === "error-is-200" ? 200 : status,
        text,
        ...(typeof allow === "string" ? { allow } : {}),
      };
    }
    const headers = {
      "content-type": answer.type ?? "application/json",
      "content-length": Buffer.byteLength(answer.text),
    };
    response.writeHead(answer.status, answer.allow === undefined ? headers : { ...headers, allow: answer.allow });
    response.end(request.method === "HEAD" ? undefined : answer.text);
  }

  async #answer(request: IncomingMessage, closed: AbortSignal): Promise<Answer> {
    const [path = "", query = ""] = (request.url ?? "").split("?", 2);
    const method = request.method ?? "";
    const open = this.#token === undefined || /\/(?:health|ready)z?$/.test(path);
    if (!open && request.headers.authorization !== `Bearer ${this.#token}`) throw new Refusal(401, "unauthorized");
    if (path === "/v0/metrics") return this.#metrics(request.headers.accept === "application/json");
    const { handlers, name } = this.#route(path);
    const handler = handlers[method === "HEAD" ? "GET" : method];
    if (handler === undefined) {
      const allow = Object.keys(handlers).flatMap((each) => (each === "GET" ? ["GET", "HEAD"] : [each]));
      throw new Refusal(405, "method_not_allowed", { allow: allow.join(", ") });
    }
    const body = method === "GET" || method === "HEAD" ? empty : await this.#body(request);
    if (name !== undefined && !isName(name) && this.#wrong !== "name-not-checked") throw invalid("topic");
    const key = request.headers["idempotency-key"];
    const headerKey = Array.isArray(key) ? key.join(", ") : key;
    return handler({ method, query: new URLSearchParams(query), body, headerKey, closed }, name ?? "");
  }

  #route(path: string): { handlers: Partial<Record<string, Handler>>; name?: string } {
    const health = (): Answer => ({ status: 200, text: '{"status":"ok","version":"0","uptime_ms":1}' });
    if (path === "/v0/health" || path === "/healthz") return { handlers: { GET: health } };
    if (path === "/v0/ready" || path === "/readyz") return { handlers: { GET: () => this.#ready() } };
    if (path === "/v0/topics") return { handlers: { GET: (call) => this.#list(call) } };
    const [, segment = "", verb] = /^\/v0\/topics\/([^/]+)(?:\/(diff|delete))?$/.exec(path) ?? [];
    if (segment === "") throw new Refusal(404, "not_found");
    const name = decode(segment);
    if (verb === "diff") return { name, handlers: { POST: (call, topic) => this.#diff(call, topic) } };
    if (verb === "delete") return { name, handlers: { POST: (call, topic) => this.#deleteRecords(call, topic) } };
    return {
      name,
      handlers: {
        PUT: (call, topic) => this.#put(call, topic),
        GET: (call, topic) => this.#state(call, topic),
        DELETE: (call, topic) => this.#drop(call, topic),
        POST: (call, topic) => this.#append(call, topic),
      },
    };
  }

  async #body(request: IncomingMessage): Promise<JsonNode> {
    if (Number(request.headers["content-length"] ?? 0) > maxBodyBytes) throw new Refusal(413, "payload_too_large");
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) {
        chunks.push(chunk as Buffer);
        if (this.#wrong === "body-cut-short-committed" && Buffer.concat(chunks).toString().endsWith("}]}")) break;
      }
    } catch (error) {
      throw new Error("the body was cut short", { cause: error });
    }
    const bytes = Buffer.concat(chunks);
    if (bytes.length === 0) return empty;
    if (request.headers["content-encoding"] !== undefined) throw new Refusal(415, "unsupported_media_type");
    const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
    if (type !== "application/json") throw new Refusal(415, "unsupported_media_type");
    try {
      return readJson(bytes);
    } catch {
      throw invalid("body");
    }
  }

  #find(name: string): LittleTopic {
    const topic = this.#topics.get(name);
    if (topic === undefined) throw new Refusal(404, "topic_not_found", { topic: name });
    topic.retain();
    return topic;
  }

  #create(name: string, config: Config): LittleTopic {
    const topic = new LittleTopic({ ...config, type: config["type"] ?? "log" }, this.#wrong);
    this.#topics.set(name, topic);
    return topic;
  }

  #metrics(json: boolean): Answer {
    if (json) return { status: 200, text: metricsJson() };
    return { status: 200, text: metricsText(this.#topics), type: "text/plain; version=0.0.4" };
  }

  #ready(): Answer {
    const text = JSON.stringify({ status: "ready", wal_replay_complete: true, topics: this.#topics.size });
    return { status: 200, text };
  }

  #put({ body }: Call, name: string): Answer {
    const config = readConfig(new Fields(body), name);
    const topic = this.#topics.get(name);
    const existing = topic?.config["type"];
    if (topic !== undefined && config["type"] !== undefined && config["type"] !== existing) {
      const detail = { topic: name, existing_type: existing, requested_type: config["type"] };
      throw new Refusal(409, "topic_exists_incompatible", detail);
    }
    const kept = topic ?? this.#create(name, config);
    kept.config = { ...config, type: existing ?? config["type"] ?? "log" };
    kept.retain();
    return success(topic === undefined ? 201 : 200, { topic: name, created: topic === undefined, config: kept.config });
  }

  #state({ query }: Call, name: string): Answer {
    const topic = this.#find(name);
    if (flag(query, "touch", true)) topic.lastRead = Date.now();
    return success(200, {
      topic: name,
      type: topic.config["type"],
      next_seq: topic.head + 1,
      config: topic.config,
      last_write_ts: topic.lastWrite,
      last_read_ts: topic.lastRead,
      ...summary(topic),
    });
  }

  #list({ query }: Call): Answer {
    const cursor = query.get("cursor") ?? "";
    if (cursor !== "" && !isName(cursor)) throw invalid("cursor");
    const size = Math.min(Math.max(Number(query.get("page_size") ?? 100), 1), 1000);
    const names = [...this.#topics.keys()].filter(
      (name) => name.startsWith(query.get("prefix") ?? "") && name > cursor,
    );
    const page = names.sort().slice(0, size);
    const topics = page.map((name) => {
      const topic = this.#find(name);
      if (flag(query, "touch", false)) topic.lastRead = Date.now();
      return { topic: name, durable: topic.config["durable"], ...summary(topic) };
    });
    return success(200, { topics, ...(names.length > size ? { next_cursor: page.at(-1) } : {}) });
  }

  #drop({ query }: Call, name: string): Answer {
    const topic = this.#topics.get(name);
    if (topic !== undefined && flag(query, "if_empty", false) && topic.live.length > 0) {
      throw new Refusal(409, "topic_not_empty", { topic: name });
    }
    if (topic !== undefined) topic.gone = true;
    topic?.wake();
    return success(200, { topic: name, deleted: this.#topics.delete(name), routers_removed: [] });
  }

  #append({ body, query, headerKey }: Call, name: string): Answer {
    const fields = new Fields(body);
    const drafts = this.#drafts(fields);
    const key = fields.text("idempotency_key", 256) ?? headerKey;
    if (Buffer.byteLength(key ?? "") > 256) throw invalid("idempotency_key");
    fields.flag("disable_backpressure", false);
    const config = readConfig(new Fields(fields.node("config", true) ?? empty, "config"), name);
    const create = fields.flag("create", config.auto_create, true);
    const existing = this.#topics.get(name);
    if (existing === undefined && !create) throw new Refusal(404, "topic_not_found", { topic: name });
    const topic = existing ?? this.#create(name, config);
    topic.retain();
    const known = topic.remembered(key);
    const { first, last, head }: Appended = known ?? topic.append(drafts, key, name);
    const seqs = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    const answer = { topic: name, first_seq: first, last_seq: last, head_seq: head, count: seqs.length };
    const created = existing === undefined;
    return success(created ? 201 : 200, {
      ...answer,
      ...(flag(query, "return_seqs", true) ? { seqs } : {}),
      created,
      deduped: known !== undefined,
    });
  }

  #drafts(fields: Fields): Draft[] {
    const node = fields.node("records");
    if (node?.kind !== "array" || node.items.length === 0) throw invalid("records");
    if (node.items.length > 10_000) throw new Refusal(400, "batch_too_large");
    const batchNode = fields.text("node", 128);
    return node.items.map((item) => {
      const record = new Fields(item, "records");
      const data = record.node("data");
      const meta = record.node("meta", true);
      if (data === undefined) throw invalid("data");
      const badMeta =
        meta !== undefined &&
        (meta.kind !== "object" || meta.members.length > 64 || Buffer.byteLength(meta.raw) > 16384);
      if (badMeta) throw invalid("meta");
      if (Buffer.byteLength(data.raw + (meta?.raw ?? "")) > maxRecordBytes) throw new Refusal(400, "record_too_large");
      const stored = this.#wrong === "data-re-serialised" ? JSON.stringify(JSON.parse(data.raw)) : data.raw;
      return {
        node: record.text("node", 128) ?? batchNode,
        tag: record.text("tag", 256),
        data: stored,
        meta: meta?.raw,
      };
    });
  }

  #deleteRecords({ body }: Call, name: string): Answer {
    const fields = new Fields(body);
    const before = fields.node("before_seq", true) === undefined ? undefined : fields.integer("before_seq", 0);
    const match = predicate(fields.node("match", true));
    if (before === undefined && match === undefined) throw invalid("before_seq");
    const topic = this.#find(name);
    return success(200, { topic: name, deleted: topic.remove(before, match), ...summary(topic) });
  }

  async #diff({ body, closed }: Call, name: string): Promise<Answer> {
    const fields = new Fields(body);
    const options = {
      fromSeq: fields.integer("from_seq", 0),
      limit: Math.min(fields.integer("limit", 0) || 256, 1000),
      maxBytes: Math.min(fields.integer("max_batch_bytes", 0) || 1 << 20, 1 << 23),
      nodes: nodesOf(fields),
      match: predicate(fields.node("match", true)),
    };
    const show = { tags: fields.flag("include_tags", false), meta: fields.flag("include_meta", true) };
    const waitMs = Math.min(fields.integer("wait_ms", 0), 30000);
    const topic = this.#find(name);
    topic.lastRead = Date.now();
    let read = topic.read(options);
    if (waitMs > 0 && read.tombstone === null && read.next === options.fromSeq) {
      await change(topic, waitMs, closed);
      if (topic.gone) throw new Refusal(404, "topic_not_found", { topic: name });
      topic.retain();
      read = topic.read(options);
    }
    return diffAnswer(name, topic, read, show);
  }
}

function change(topic: LittleTopic, waitMs: number, closed: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      topic.waiters.delete(done);
      resolve();
    };
    const timer = setTimeout(done, waitMs);
    topic.waiters.add(done);
    closed.addEventListener("abort", done);
  });
}

function diffAnswer(name: string, topic: LittleTopic, read: Read, show: { tags: boolean; meta: boolean }): Answer {
  const records = read.records.map(({ seq, ts, node, tag, data, meta }) => {
    const members = [`"$seq":${seq}`, `"$ts":${ts}`];
    if (node !== undefined) members.push(`"$node":${JSON.stringify(node)}`);
    if (tag !== undefined && show.tags) members.push(`"$tag":${JSON.stringify(tag)}`);
    members.push(`"data":${data}`);
    if (meta !== undefined && show.meta) members.push(`"meta":${meta}`);
    return `{${members.join(",")}}`;
  });
  const rest = JSON.stringify({
    topic: name,
    next_from_seq: read.next,
    head_seq: topic.head,
    earliest_seq: topic.earliest,
    caught_up: read.next === topic.head,
    tombstone: read.tombstone,
    lag: topic.head - read.next,
    performance: { server_total_ms: 0, records_scanned: read.scanned },
  });
  return { status: 200, text: `{"records":[${records.join(",")}],${rest.slice(1)}` };
}

function success(status: number, body: Readonly<Record<string, unknown>>): Answer {
  const isWrite = body["deduped"] === false;
  const performance = { server_total_ms: 0, ...(isWrite ? { wal_append_ms: 0, fsync_ms: 0 } : {}) };
  return { status, text: JSON.stringify({ ...body, performance }) };
}

function summary(topic: LittleTopic): Record<string, unknown> {
  const priority = Number(topic.config["priority"] ?? 0);
  return {
    head_seq: topic.head,
    earliest_seq: topic.earliest,
    count: topic.live.length,
    bytes: topic.bytes,
    effective_priority: Math.min(Math.max(priority, -1000), 1000),
  };
}

function nodesOf(fields: Fields): string[] {
  const node = fields.node("node", true);
  const values = node?.kind === "array" ? node.items.map((item) => item.value) : node === undefined ? [] : [node.value];
  return values.map((value) => {
    if (typeof value !== "string") throw invalid("node");
    return value;
  });
}

function flag(query: URLSearchParams, name: string, otherwise: boolean): boolean {
  const value = query.get(name);
  return value === null ? otherwise : value === "true" || value === "1";
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalid("topic");
  }
}
