/**
 * Every route there is (spec 2.3), once, with what it asks of a key (7.2); `HEAD` comes with each `GET`. The hot ones are
 * named for the hot path.
 */
import { type Access, administers, anyKey, deletes, reads } from "../auth/access.ts";
import type { Handler } from "../call.ts";
import type { DoorDeps } from "../deps.ts";
import type { HotRoutes } from "../hot-path.ts";
import { makeBackup } from "./backup.ts";
import { health, ready } from "./health.ts";
import { metricsRoute } from "./metrics.ts";
import { openApi } from "./openapi.ts";
import { ackJobs, claimJobs, extendLeases, nackJobs, redriveJobs, workStream } from "./queues.ts";
import { appendRecords, deleteRecords, diffByQuery, diffRecords } from "./records.ts";
import { deleteRouter, getRouter, listRouters, putRouter } from "./routers.ts";
import { openSession, openStream } from "./watch.ts";
import { openSocket } from "./ws.ts";
import { deleteTopic, getTopic, listTopics, patchTopic, putTopic } from "./topics.ts";

export interface Route {
  readonly method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  /** `:topic` and `:router` are names, and held against the prefixes of the key. */
  readonly path: string;
  readonly access: Access;
  readonly handler: Handler;
  /** Answers whatever state the engine is in. */
  readonly always?: true;
  /** Asks for no key, unless it is told to (`TOPICS_PROBE_AUTH`). */
  readonly open?: true;
}

export interface RouteTable {
  readonly routes: readonly Route[];
  readonly hot: HotRoutes<Route>;
}

const configures: Access = { scopes: ["admin"], bodyNames: ["dead_letter"] };
const appends: Access = { scopes: ["write"], configScope: "admin", bodyNames: ["config.dead_letter"] };
const writes: Access = { scopes: ["write"] };
const claims: Access = { scopes: ["read", "write"] };
const redrives: Access = { scopes: ["admin"], bodyNames: ["to"] };
const streams: Access = { scopes: ["read", "write"], queryToken: true };
const joins: Access = { scopes: ["admin"], bodyNames: ["source", "dest"] };
const watches: Access = { scopes: ["read"], bodyNames: ["topics", "prefixes[]"] };
const watchStreams: Access = { scopes: ["read"], queryToken: true };
const lists: Access = { scopes: ["read"], filtered: true };

export function routeTable(deps: DoorDeps): RouteTable {
  const topic = "/v0/topics/:topic";
  const router = "/v0/routers/:router";
  const append: Route = { method: "POST", path: topic, access: appends, handler: appendRecords(deps) };
  const diff: Route = { method: "POST", path: `${topic}/diff`, access: reads, handler: diffRecords(deps) };
  const claim: Route = { method: "POST", path: `${topic}/claim`, access: claims, handler: claimJobs(deps) };
  const ack: Route = { method: "POST", path: `${topic}/ack`, access: writes, handler: ackJobs(deps) };
  const routes: readonly Route[] = [
    { method: "GET", path: "/v0/topics", access: lists, handler: listTopics(deps) },
    { method: "GET", path: topic, access: reads, handler: getTopic(deps) },
    { method: "PUT", path: topic, access: configures, handler: putTopic(deps) },
    { method: "PATCH", path: topic, access: configures, handler: patchTopic(deps) },
    { method: "DELETE", path: topic, access: deletes, handler: deleteTopic(deps) },
    append,
    diff,
    { method: "GET", path: `${topic}/diff`, access: reads, handler: diffByQuery(deps) },
    { method: "POST", path: `${topic}/delete`, access: deletes, handler: deleteRecords(deps) },
    claim,
    ack,
    { method: "POST", path: `${topic}/nack`, access: writes, handler: nackJobs(deps) },
    { method: "POST", path: `${topic}/extend`, access: writes, handler: extendLeases(deps) },
    { method: "POST", path: `${topic}/redrive`, access: redrives, handler: redriveJobs(deps) },
    { method: "GET", path: `${topic}/work`, access: streams, handler: workStream(deps) },
    { method: "GET", path: "/v0/routers", access: lists, handler: listRouters(deps) },
    { method: "GET", path: router, access: reads, handler: getRouter(deps) },
    { method: "PUT", path: router, access: joins, handler: putRouter(deps) },
    { method: "DELETE", path: router, access: deletes, handler: deleteRouter(deps) },
    { method: "POST", path: "/v0/backup", access: administers, handler: makeBackup(deps) },
    { method: "POST", path: "/v0/watch", access: watches, handler: openSession(deps) },
    { method: "GET", path: "/v0/watch/:wid", access: watchStreams, handler: openStream(deps) },
    { method: "GET", path: "/v0/ws", access: anyKey, handler: openSocket(deps) },
    ...probes("/v0/health", "/healthz", health(deps)),
    ...probes("/v0/ready", "/readyz", ready(deps)),
    { method: "GET", path: "/v0/metrics", access: reads, handler: metricsRoute(deps), always: true },
    { method: "GET", path: "/v0/openapi.json", access: reads, handler: openApi(deps, () => routes) },
  ];
  return { routes, hot: { append, verbs: { diff, claim, ack } } };
}

function probes(path: string, alias: string, handler: Handler): Route[] {
  return [
    { method: "GET", path, access: anyKey, handler, always: true, open: true },
    { method: "GET", path: alias, access: anyKey, handler, always: true, open: true },
  ];
}
