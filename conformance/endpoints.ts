/**
 * Every endpoint of 2.3 and 7.4 as a table, so that what holds for all of them (traits/) is written once. Its rows are
 * sample requests: what they need is made first, and then they succeed.
 */
import type { Profile } from "./case.ts";
import type { Context } from "./context.ts";
import { equal, status } from "./expect.ts";
import {
  ackFields,
  appendFields,
  claimFields,
  configFields,
  deleteFields,
  diffFields,
  extendFields,
  nackFields,
  recordFields,
  redriveFields,
  routerFields,
  watchFields,
} from "./fields.ts";
import type { WrongValues } from "./fields.ts";
import { Router } from "./router.ts";
import type { Fields, Topic } from "./topic.ts";

export interface Endpoint {
  /** First part of the ids of its cases. */
  readonly name: string;
  readonly section: string;
  readonly profile: Profile;
  readonly method: "GET" | "PUT" | "POST" | "DELETE" | "PATCH";
  /** As in the description: `/v0/topics/{topic}/diff`. */
  readonly route: string;
  /** A query that the sample request has. */
  readonly query?: string;
  /** A request body that succeeds, around the name of a topic; absent when the endpoint takes none. */
  readonly body?: (topic: string) => Fields;
  /** What has to be there; by default a log where the path names a topic. */
  readonly needs?: "nothing" | "log" | "queue" | "router";
  /** What an absent topic or router answers to the sample request. */
  readonly whenAbsent: number;
  /** Values of a wrong type or out of range, by field. */
  readonly wrong: WrongValues;
  /** Wraps one wrong field into a whole request body, where it does not stand beside the sample's. */
  readonly wrap?: (field: string, value: unknown) => Fields;
  /** What a key must be good for (7.2): nothing where each command is asked on its own; `undefined` where no key is. */
  readonly scopes: readonly Scope[] | undefined;
  /**
   * `call`: answered whole, and the same again. `once`: answered whole, once. `stream`: an answer without an end.
   * `upgrade`: no answer at all. `bare`: health and the like, with neither envelope nor `performance`. `part`: a row
   * for the fields of a part of a request that has a row of its own.
   */
  readonly kind: "call" | "once" | "stream" | "upgrade" | "bare" | "part";
}

export type Scope = "read" | "write" | "delete" | "admin";

const record = { data: 1 };
const worker = { node: "w" };
const topicRoute = "/v0/topics/{topic}";

/** Rows that say little else than their name. */
function call(
  row: Pick<Endpoint, "name" | "section" | "method" | "route" | "whenAbsent" | "scopes"> & Partial<Endpoint>,
): Endpoint {
  return { profile: "core", wrong: {}, kind: "call", ...row };
}

const config = { wrong: configFields, body: (): Fields => ({ ttl_ms: 0 }) };
const onQueue = { section: "5", method: "POST", needs: "queue", whenAbsent: 404 } as const;
const onRouter = { section: "3.1", route: "/v0/routers/{router}" } as const;
const open = { section: "7.4", method: "GET", whenAbsent: 200, kind: "bare" } as const;

/** Further names of the case, beside the one that its rows are about. */
const destOf = (topic: string): string => `${topic}.d`;
const routerOf = (topic: string): string => `${topic}->d`;
const ends = (topic: string): Fields => ({ source: topic, dest: destOf(topic) });

export const endpoints: readonly Endpoint[] = [
  call({
    ...{ name: "put-topic", section: "2.5", method: "PUT", route: topicRoute, whenAbsent: 201, scopes: ["admin"] },
    ...config,
  }),
  call({
    ...{ name: "patch-topic", section: "2.5", method: "PATCH", route: topicRoute, whenAbsent: 404, scopes: ["admin"] },
    ...config,
    profile: "beyond",
  }),
  call({ name: "get-topic", section: "2.5", method: "GET", route: topicRoute, whenAbsent: 404, scopes: ["read"] }),
  call({
    ...{ name: "list-topics", section: "2.5", method: "GET", route: "/v0/topics", whenAbsent: 200, scopes: ["read"] },
    query: "?page_size=1",
  }),
  call({
    ...{ name: "delete-topic", section: "2.5", method: "DELETE", route: topicRoute, whenAbsent: 200 },
    scopes: ["delete"],
  }),
  call({
    ...{ name: "append", section: "2.6", method: "POST", route: topicRoute, whenAbsent: 201, scopes: ["write"] },
    ...{ body: () => ({ records: [record] }), wrong: appendFields },
  }),
  call({
    ...{ name: "append-record", section: "2.6", method: "POST", route: topicRoute, whenAbsent: 201, scopes: ["write"] },
    ...{ kind: "part", wrong: recordFields },
    wrap: (field, value) => ({ records: [record, { ...record, [field]: value }] }),
  }),
  call({
    ...{ name: "append-config", section: "2.6", method: "POST", route: topicRoute, whenAbsent: 201 },
    ...{ scopes: ["write", "admin"], kind: "part", wrong: configFields },
    wrap: (field, value) => ({ records: [record], config: { [field]: value } }),
  }),
  call({
    ...{ name: "diff", section: "2.7", method: "POST", route: `${topicRoute}/diff`, whenAbsent: 404, scopes: ["read"] },
    ...{ body: () => ({ from_seq: 0 }), wrong: diffFields },
  }),
  call({
    ...{ name: "diff-get", section: "2.3", method: "GET", route: `${topicRoute}/diff`, whenAbsent: 404 },
    ...{ scopes: ["read"], query: "?from_seq=0", profile: "beyond" },
  }),
  call({
    ...{ name: "delete-records", section: "2.8", method: "POST", route: `${topicRoute}/delete`, whenAbsent: 404 },
    ...{ scopes: ["delete"], body: () => ({ before_seq: 1 }), wrong: deleteFields },
    wrap: (field, value) => ({ [field]: value }),
  }),
  call({
    ...{ ...onQueue, name: "claim", route: `${topicRoute}/claim`, scopes: ["read", "write"] },
    ...{ body: () => worker, wrong: claimFields },
  }),
  call({
    ...{ ...onQueue, name: "ack", route: `${topicRoute}/ack`, scopes: ["write"] },
    ...{ body: () => ({ ...worker, seqs: [] }), wrong: ackFields },
  }),
  call({
    ...{ ...onQueue, name: "nack", route: `${topicRoute}/nack`, scopes: ["write"] },
    ...{ body: () => ({ ...worker, seqs: [] }), wrong: nackFields },
  }),
  call({
    ...{ ...onQueue, name: "extend", route: `${topicRoute}/extend`, scopes: ["write"] },
    ...{ body: () => ({ ...worker, seqs: [], lease_ms: 1000 }), wrong: extendFields },
  }),
  call({
    ...{ ...onQueue, name: "work", method: "GET", route: `${topicRoute}/work`, query: "?node=w", kind: "stream" },
    scopes: ["read", "write"],
  }),
  call({
    ...{ ...onQueue, name: "redrive", route: `${topicRoute}/redrive`, scopes: ["admin"], profile: "beyond" },
    ...{ body: () => ({ limit: 1 }), wrong: redriveFields },
  }),
  call({
    ...{ ...onRouter, name: "put-router", method: "PUT", whenAbsent: 201, needs: "log", scopes: ["admin"] },
    ...{ body: ends, wrong: routerFields },
  }),
  call({ ...onRouter, name: "get-router", method: "GET", whenAbsent: 404, needs: "router", scopes: ["read"] }),
  call({ ...onRouter, name: "delete-router", method: "DELETE", whenAbsent: 200, needs: "router", scopes: ["delete"] }),
  call({
    ...{ name: "list-routers", section: "3.1", method: "GET", route: "/v0/routers", whenAbsent: 200, scopes: ["read"] },
    query: "?page_size=1",
  }),
  call({
    ...{ name: "watch", section: "4.1", method: "POST", route: "/v0/watch", whenAbsent: 404, needs: "log" },
    ...{ scopes: ["read"], body: (topic) => ({ topics: { [topic]: {} } }), wrong: watchFields },
  }),
  call({
    ...{ name: "watch-events", section: "4.1", method: "GET", route: "/v0/watch/{wid}", whenAbsent: 404 },
    ...{ scopes: ["read"], kind: "stream" },
  }),
  call({
    ...{ name: "ws", section: "4.4", method: "GET", route: "/v0/ws", whenAbsent: 200, scopes: [] },
    kind: "upgrade",
  }),
  call({
    ...{ name: "backup", section: "6.7", method: "POST", route: "/v0/backup", whenAbsent: 200, scopes: ["admin"] },
    ...{ body: (topic) => ({ name: topic }), kind: "once", profile: "beyond" },
  }),
  call({ ...open, name: "health", route: "/v0/health", scopes: undefined }),
  call({ ...open, name: "healthz", route: "/healthz", scopes: undefined }),
  call({ ...open, name: "ready", route: "/v0/ready", scopes: undefined }),
  call({ ...open, name: "readyz", route: "/readyz", scopes: undefined }),
  call({ ...open, name: "metrics", route: "/v0/metrics", scopes: ["read"] }),
  call({ ...open, name: "openapi", section: "2.3", route: "/v0/openapi.json", scopes: ["read"], profile: "beyond" }),
];

/** A row's request about a topic, or about what it names beside it; `segment` in place of the name, escaped already. */
export function pathOf({ route, query = "" }: Endpoint, topic: string, segment?: string): string {
  const named = route
    .replace("{topic}", segment ?? topic)
    .replace("{router}", segment ?? encodeURIComponent(routerOf(topic)))
    .replace("{wid}", segment ?? "wid_none");
  return named + query;
}

export function bodyOf({ body }: Endpoint, topic: string): Fields | undefined {
  return body?.(topic);
}

/** What its path names. */
export function nounOf({ route }: Endpoint): "topic" | "router" | undefined {
  if (route.includes("{topic}")) return "topic";
  return route.includes("{router}") ? "router" : undefined;
}

/** The topic of a sample request, with all that the request needs around it. */
export async function sampleTopic(context: Context, endpoint: Endpoint): Promise<Topic> {
  const needs = endpoint.needs ?? (nounOf(endpoint) === "topic" ? "log" : "nothing");
  if (needs === "nothing") return context.absent();
  const topic = await context.topic(needs === "queue" ? { type: "queue" } : {}, "s");
  context.absent("s.d");
  if (needs === "router") await new Router(routerOf(topic.name), context.http).made(ends(topic.name));
  return topic;
}

/** A name of which nothing is there. */
export function absentTopic(context: Context): Topic {
  context.absent("absent.d");
  return context.absent("absent");
}

/** Neither the topic of a sample nor anything around it has changed. */
export async function unchanged(context: Context, endpoint: Endpoint, topic: Topic): Promise<void> {
  await topic.untouched();
  if (endpoint.name !== "put-router") return;
  status(await new Router(routerOf(topic.name), context.http).get(), 404);
  equal((await context.absent("s.d").get()).status, 404, "status of the dest of a router that was refused");
}

/** The endpoints whose sample request can be made again and again, each answered whole. */
export const callable: readonly Endpoint[] = endpoints.filter(({ kind }) => kind === "call");
