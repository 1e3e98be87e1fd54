/** Every route there is (spec 2.3), once; `HEAD` comes with each `GET`. The hot ones are named for the hot path. */
import type { Handler } from "../call.ts";
import type { HttpDeps } from "../deps.ts";
import type { HotRoutes } from "../hot-path.ts";
import { makeBackup } from "./backup.ts";
import { health, ready } from "./health.ts";
import { appendRecords, deleteRecords, diffByQuery, diffRecords } from "./records.ts";
import { deleteTopic, getTopic, listTopics, patchTopic, putTopic } from "./topics.ts";

export interface Route {
  readonly method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly handler: Handler;
  /** Answers whatever state the engine is in. */
  readonly probe?: true;
}

export interface RouteTable {
  readonly routes: readonly Route[];
  readonly hot: HotRoutes;
}

export function routeTable(deps: HttpDeps): RouteTable {
  const hot: HotRoutes = { append: appendRecords(deps), diff: diffRecords(deps) };
  const topic = "/v0/topics/:topic";
  const routes: readonly Route[] = [
    { method: "GET", path: "/v0/topics", handler: listTopics(deps) },
    { method: "GET", path: topic, handler: getTopic(deps) },
    { method: "PUT", path: topic, handler: putTopic(deps) },
    { method: "PATCH", path: topic, handler: patchTopic(deps) },
    { method: "DELETE", path: topic, handler: deleteTopic(deps) },
    { method: "POST", path: topic, handler: hot.append },
    { method: "POST", path: `${topic}/diff`, handler: hot.diff },
    { method: "GET", path: `${topic}/diff`, handler: diffByQuery(deps) },
    { method: "POST", path: `${topic}/delete`, handler: deleteRecords(deps) },
    { method: "POST", path: "/v0/backup", handler: makeBackup(deps) },
    ...probes("/v0/health", "/healthz", health(deps)),
    ...probes("/v0/ready", "/readyz", ready(deps)),
  ];
  return { routes, hot };
}

function probes(path: string, alias: string, handler: Handler): Route[] {
  return [
    { method: "GET", path, handler, probe: true },
    { method: "GET", path: alias, handler, probe: true },
  ];
}
