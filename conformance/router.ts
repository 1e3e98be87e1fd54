/** Routers as cases speak of them (spec 3.1). They go with their topics, which the case takes back. */
import { ok } from "./expect.ts";
import type { Fields } from "./topic.ts";
import type { Body, HttpClient } from "./transport/client.ts";
import type { Reply } from "./transport/reply.ts";

export interface RouterAnswer {
  readonly router: string;
  readonly created?: boolean;
  readonly source: string;
  readonly dest: string;
  readonly preserve_node: boolean;
  readonly preserve_tag: boolean;
  readonly filter: unknown;
  readonly allow_cycle: boolean;
  readonly guarantee: string;
  readonly forwarded_total?: number;
  readonly lag?: number;
  readonly last_error?: string | null;
  readonly paused_by?: string | null;
}

export interface RouterListAnswer {
  readonly routers: readonly RouterAnswer[];
  readonly next_cursor?: string;
}

export interface DeleteRouterAnswer {
  readonly router: string;
  readonly deleted: boolean;
}

export class Router {
  readonly name: string;
  readonly path: string;
  readonly #http: HttpClient;

  constructor(name: string, http: HttpClient) {
    this.name = name;
    this.path = `/v0/routers/${encodeURIComponent(name)}`;
    this.#http = http;
  }

  /** By the convention of 3.1. */
  static between(source: { readonly name: string }, dest: { readonly name: string }, http: HttpClient): Router {
    return new Router(`${source.name}->${dest.name}`, http);
  }

  put(body: Body): Promise<Reply> {
    return this.#http.send("PUT", this.path, body);
  }

  get(): Promise<Reply> {
    return this.#http.send("GET", this.path);
  }

  drop(): Promise<Reply> {
    return this.#http.send("DELETE", this.path);
  }

  async made(body: Fields): Promise<RouterAnswer> {
    return ok<RouterAnswer>(await this.put(body), 201);
  }

  async state(): Promise<RouterAnswer> {
    return ok<RouterAnswer>(await this.get());
  }
}
