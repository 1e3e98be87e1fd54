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
import { anyKey } from "./auth/access.ts";
import type { Grant } from "./auth/grant.ts";
import type { Handler } from "./call.ts";
import { Connections } from "./connections.ts";
import { type DoorDeps, doorDeps, type HttpDeps, type HttpEvents } from "./deps.ts";
import { methodNotAllowed, tooManyPipelined, unknownPath } from "./errors.ts";
import { Exchange } from "./exchange.ts";
import { checkRequest, Gate, open } from "./gate.ts";
import { linkOf } from "./link.ts";
import { HostCheck } from "./host.ts";
import type { HotRoutes } from "./hot-path.ts";
import { recognise } from "./hot-path.ts";
import type { Limits } from "./limits/limits.ts";
import type { RouteMeter } from "./metrics/metrics.ts";
import { Origins } from "./origins.ts";
import type { Reply } from "./reply.ts";
import type { Route } from "./routes/table.ts";
import { routeTable } from "./routes/table.ts";
import { type Admission, serve, type ServeDeps } from "./serve.ts";
import { Upgrades } from "./upgrade.ts";
import { type Named, nameFromSegment, parseTarget } from "./target.ts";

interface RequestState {
  exchange: Exchange;
  query: string;
}

type Context = Koa.ParameterizedContext<RequestState>;
type Next = () => Promise<unknown>;

export interface HttpApp {
  readonly koa: Koa<RequestState>;
  readonly connections: Connections;
  readonly limits: Limits;
  readonly events: HttpEvents;
}

/** A route that has been reached, by whichever door. */
type Endpoint = (exchange: Exchange, segment: string | undefined, query: string) => Promise<void>;

export function createApp(deps: HttpDeps, connections: Connections = new Connections()): HttpApp {
  const whole = doorDeps(deps);
  const door = new Door(whole, connections);
  const { routes, hot } = routeTable(whole);
  const { diff, claim, ack } = hot.verbs;
  const endpoints = {
    append: door.endpoint(hot.append),
    verbs: { diff: door.endpoint(diff), claim: door.endpoint(claim), ack: door.endpoint(ack) },
  };
  const koa = new Koa<RequestState>();
  koa.on("error", (error: unknown) => door.failed(error));
  koa.use((ctx, next) => door.enter(ctx, endpoints, next));
  koa.use(routerOf(routes, door).routes());
  koa.use((ctx) => door.elsewhere(ctx));
  return { koa, connections, limits: whole.limits, events: whole.events };
}

function routerOf(routes: readonly Route[], door: Door): Router<RequestState> {
  const router = new Router<RequestState>({ strict: true, sensitive: true });
  for (const route of routes) {
    const endpoint = door.endpoint(route);
    router.register(route.path, [route.method], (ctx) => {
      const { exchange, query } = ctx.state;
      return endpoint(exchange, ctx.captures?.[0], query);
    });
  }
  return router;
}

/** What the first segment that a path leaves open stands for, when that is a name. */
function namedBy(path: string): Named | undefined {
  if (path.includes("/:topic")) return "topic";
  return path.includes("/:router") ? "router" : undefined;
}

/** The prefixes of a key come before the method (spec 2.2), and what is no name has no prefix. */
function demandNameIn(path: string, grant: Grant): void {
  const [, collection, segment] = /^\/v0\/(topics|routers)\/([^/]+)/.exec(path) ?? [];
  if (segment === undefined || grant.prefixes.length === 0) return;
  const kind: Named = collection === "topics" ? "topic" : "router";
  grant.demandName(kind, nameFromSegment(kind, segment));
}

const noContent: Reply = { status: 204, chunks: [""], bytes: 0 };

class Door {
  readonly #deps: DoorDeps;
  readonly #connections: Connections;
  readonly #hosts: HostCheck;
  readonly #origins: Origins;
  readonly #gate: Gate;
  readonly #serveDeps: ServeDeps;
  readonly #elsewhere: RouteMeter;

  constructor(deps: DoorDeps, connections: Connections) {
    const stopping = (): boolean => connections.stopping;
    this.#deps = deps;
    this.#connections = connections;
    const streams = {
      clock: deps.clock,
      timers: deps.timers,
      bufferBytes: deps.config.streamBufferBytes,
      full: () => deps.metrics.streamFull(),
      hold: (bytes: number, cut: () => void) => deps.limits.buffers.hold(bytes, cut),
    };
    const upgrades = new Upgrades(deps.config.limits.maxBodyBytes);
    this.#serveDeps = { events: deps.events, stopping, streams, limits: deps.limits, upgrades };
    this.#elsewhere = deps.metrics.route("other", "other");
    this.#hosts = new HostCheck(deps.config);
    this.#origins = new Origins(deps.config.corsOrigins);
    this.#gate = new Gate({ engine: deps.engine, keys: deps.config.keys, limits: deps.limits, stopping });
  }

  enter(ctx: Context, hot: HotRoutes<Endpoint>, next: Next): Promise<unknown> {
    ctx.respond = false;
    const { req, res } = ctx;
    const turn = this.#connections.turn(linkOf(req));
    if (turn === undefined) return Promise.resolve();
    const exchange = new Exchange(req, res, turn, this.#deps);
    exchange.meter = this.#elsewhere;
    const pipelined = this.#connections.begin(exchange);
    try {
      checkRequest(req, this.#hosts);
      if (pipelined > this.#deps.config.maxPipelined) throw tooManyPipelined(this.#deps.config.maxPipelined);
    } catch (error) {
      return this.#refuse(exchange, error);
    }
    exchange.forPage(this.#origins.headersFor(req.headers));
    const preflight = this.#origins.preflight(req.method, req.headers);
    if (preflight !== undefined) return this.#answer(exchange, open, () => ({ ...noContent, headers: preflight }));
    const hit = recognise(req.method, req.url ?? "/", hot);
    if (hit !== undefined) return hit.route(exchange, hit.topic, hit.query);
    ctx.state.exchange = exchange;
    return this.#towardsRouter(ctx, next);
  }

  async #towardsRouter(ctx: Context, next: Next): Promise<unknown> {
    const { exchange } = ctx.state;
    try {
      const { req } = ctx;
      req.url ??= "/";
      const { path, query } = parseTarget(req.url);
      (ctx as Context & { newRouterPath?: string }).newRouterPath = path;
      ctx.state.query = query;
      // Koa and its router would take an authority apart, and fail where it is none.
      if (!req.url.startsWith("/")) req.url = path.startsWith("/") ? `${path}?${query}` : "/";
    } catch (error) {
      return this.#refuse(exchange, error, this.#gate.identified(false));
    }
    return next();
  }

  endpoint(route: Route): Endpoint {
    const { method, path, handler } = route;
    const meter = this.#deps.metrics.route(method, path);
    const admit = this.#admission(route);
    const kind = namedBy(path);
    return (exchange, segment = "", query) => {
      exchange.meter = meter;
      return serve(
        exchange,
        admit,
        (call) => {
          const name = kind === undefined ? segment : nameFromSegment(kind, segment);
          exchange.addressed(name, query);
          if (kind !== undefined) call.grant.demandName(kind, name);
          return handler(call);
        },
        this.#serveDeps,
      );
    };
  }

  #admission({ access, always, open: isOpen }: Route): Admission {
    if (isOpen === true && !this.#deps.config.probeAuth) return open;
    return always === true ? this.#gate.always(access) : this.#gate.whenReady(access);
  }

  /** No route took it: the path is unknown, or it does not have this method. */
  elsewhere(ctx: Context): Promise<void> {
    const { exchange } = ctx.state;
    const { newRouterPath: path = "/", matched = [] } = ctx as Context & {
      newRouterPath?: string;
      matched?: readonly { readonly methods: readonly string[] }[];
    };
    const allow = [...new Set(matched.flatMap((layer) => layer.methods))].sort();
    return this.#answer(exchange, this.#gate.whenReady(anyKey), () => {
      if (allow.length === 0) throw unknownPath(path);
      demandNameIn(path, exchange.grant);
      return methodNotAllowed(exchange.method, path, allow);
    });
  }

  /** Koa found an error on a socket after the answer was on its way: the client went. Anything else is a bug. */
  failed(error: unknown): void {
    const { code, syscall } = error as { code?: unknown; syscall?: unknown };
    if (code === "ECONNRESET" || code === "ERR_HTTP2_STREAM_ERROR" || syscall !== undefined) return;
    this.#deps.events.handlerFailed({ method: "", path: "", error });
  }

  #refuse(exchange: Exchange, error: unknown, admit: Admission = open): Promise<void> {
    return this.#answer(exchange, admit, () => {
      throw error;
    });
  }

  #answer(exchange: Exchange, admit: Admission, handler: Handler): Promise<void> {
    return serve(exchange, admit, handler, this.#serveDeps);
  }
}
