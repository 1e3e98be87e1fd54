/**
 * The Koa application (spec 2.3): every route in one router, and ahead of it the hot path, which finds the same handlers
 * faster. Answers never pass through Koa's own response: one place writes them (exchange.ts), so that both doors give
 * the same bytes.
 *
 * Order: turn → checks of the request itself → hot path, or target → router → 405 and 404; each handler behind the gate
 * (spec 2.2).
 */
import Router from "@koa/router";
import Koa from "koa";
import type { Handler } from "./call.ts";
import { Connections } from "./connections.ts";
import type { HttpDeps } from "./deps.ts";
import { methodNotAllowed, unknownPath } from "./errors.ts";
import { Exchange } from "./exchange.ts";
import { checkRequest, passGate } from "./gate.ts";
import { HostCheck } from "./host.ts";
import type { HotRoutes } from "./hot-path.ts";
import { recognise } from "./hot-path.ts";
import type { Route } from "./routes/table.ts";
import { routeTable } from "./routes/table.ts";
import { serve } from "./serve.ts";
import { parseTarget, topicFromSegment } from "./target.ts";

interface RequestState {
  exchange: Exchange;
  query: string;
}

type Context = Koa.ParameterizedContext<RequestState>;
type Next = () => Promise<unknown>;

export interface HttpApp {
  readonly koa: Koa<RequestState>;
  readonly connections: Connections;
}

export function createApp(deps: HttpDeps, connections: Connections = new Connections()): HttpApp {
  const door = new Door(deps, connections);
  const { routes, hot } = routeTable(deps);
  const koa = new Koa<RequestState>();
  koa.on("error", (error: unknown) => door.failed(error));
  koa.use((ctx, next) => door.enter(ctx, hot, next));
  koa.use(routerOf(routes, door).routes());
  koa.use((ctx) => door.elsewhere(ctx));
  return { koa, connections };
}

function routerOf(routes: readonly Route[], door: Door): Router<RequestState> {
  const router = new Router<RequestState>({ strict: true, sensitive: true });
  for (const { method, path, handler, probe } of routes) {
    router.register(path, [method], (ctx) => door.routed(ctx, ctx.captures?.[0], handler, probe === true));
  }
  return router;
}

class Door {
  readonly #deps: HttpDeps;
  readonly #connections: Connections;
  readonly #hosts: HostCheck;
  readonly #gate: () => void;
  readonly #serveDeps: { readonly events: HttpDeps["events"]; readonly stopping: () => boolean };

  constructor(deps: HttpDeps, connections: Connections) {
    const stopping = (): boolean => connections.stopping;
    this.#deps = deps;
    this.#connections = connections;
    this.#serveDeps = { events: deps.events, stopping };
    this.#hosts = new HostCheck(deps.config);
    const gateDeps = { engine: deps.engine, stopping };
    this.#gate = () => passGate(gateDeps);
  }

  enter(ctx: Context, hot: HotRoutes, next: Next): Promise<unknown> {
    ctx.respond = false;
    const { req, res } = ctx;
    const { config, clock } = this.#deps;
    const turn = this.#connections.turn(req.socket);
    if (turn === undefined) return Promise.resolve();
    const exchange = new Exchange(req, res, turn, config.limits.maxBodyBytes, clock.monotonicMs());
    this.#connections.begin(exchange);
    try {
      checkRequest(req, this.#hosts);
    } catch (error) {
      return this.#refuse(exchange, error);
    }
    const hit = recognise(req.method, req.url ?? "/", hot);
    if (hit !== undefined) {
      exchange.addressed(hit.topic, hit.query);
      return serve(exchange, this.#gate, hit.handler, this.#serveDeps);
    }
    ctx.state.exchange = exchange;
    return this.#towardsRouter(ctx, next);
  }

  async #towardsRouter(ctx: Context, next: Next): Promise<unknown> {
    const { exchange } = ctx.state;
    try {
      const { path, query } = parseTarget(ctx.req.url ?? "/");
      (ctx as Context & { newRouterPath?: string }).newRouterPath = path;
      ctx.state.query = query;
    } catch (error) {
      return this.#refuse(exchange, error);
    }
    return next();
  }

  /** A route and its method are known; its path may name a topic. */
  routed(ctx: Context, segment: string | undefined, handler: Handler, probe: boolean): Promise<void> {
    const { exchange, query } = ctx.state;
    return this.#answer(exchange, probe, (call) => {
      exchange.addressed(segment === undefined ? "" : topicFromSegment(segment), query);
      return handler(call);
    });
  }

  /** No route took it: the path is unknown, or it does not have this method. */
  elsewhere(ctx: Context): Promise<void> {
    const { exchange } = ctx.state;
    const { newRouterPath: path = "/", matched = [] } = ctx as Context & {
      newRouterPath?: string;
      matched?: readonly { readonly methods: readonly string[] }[];
    };
    const allow = [...new Set(matched.flatMap((layer) => layer.methods))].sort();
    return this.#answer(exchange, false, () => {
      if (allow.length === 0) throw unknownPath(path);
      return methodNotAllowed(exchange.method, path, allow);
    });
  }

  /** Koa found an error on a socket after the answer was on its way: the client went. Anything else is a bug. */
  failed(error: unknown): void {
    const { code, syscall } = error as { code?: unknown; syscall?: unknown };
    if (code === "ECONNRESET" || syscall !== undefined) return;
    this.#deps.events.handlerFailed({ method: "", path: "", error });
  }

  #refuse(exchange: Exchange, error: unknown): Promise<void> {
    return this.#answer(exchange, true, () => {
      throw error;
    });
  }

  #answer(exchange: Exchange, probe: boolean, handler: Handler): Promise<void> {
    return serve(exchange, probe ? open : this.#gate, handler, this.#serveDeps);
  }
}

/** For probes and refusals, which are answered whatever the engine does. */
function open(): void {}
