/** Routers (spec 3.1). A key is held against the names of their topics, too (7.2). */
import { TopicsError } from "../../base/errors.ts";
import { defaultPageSize, maxPageSize } from "../../base/limits.ts";
import type { RouterState } from "../../router/router.ts";
import { type Page, pageWithin, type Wish } from "../auth/page.ts";
import type { Call, Handler } from "../call.ts";
import { readControl } from "../control-body.ts";
import type { HttpDeps } from "../deps.ts";
import { Query } from "../query.ts";
import { deleteRouterReply, putRouterReply, routerReply, routersReply } from "../replies/routers.ts";
import { nameFromCursor } from "../shapes/cursor.ts";
import { routerFromBody, routerShape } from "../shapes/router.ts";

export function putRouter(deps: HttpDeps): Handler {
  const { engine, clock } = deps;
  return async (call) => {
    const request = routerFromBody(await readControl(call, routerShape.fields, "refused", deps), call.grant);
    return putRouterReply(await call.inOrder(() => engine.putRouter(call.name, request)), call, clock);
  };
}

export function getRouter({ engine, clock }: HttpDeps): Handler {
  return (call) =>
    call.afterChanges(() => {
      const state = engine.routerState(call.name);
      demandTopics(call, state);
      return routerReply(state, call, clock);
    });
}

export function listRouters({ engine, clock }: HttpDeps): Handler {
  return (call) => {
    const query = new Query(call.query, ["prefix", "source", "dest", "page_size", "cursor"]);
    const prefix = query.text("prefix") ?? "";
    const [source, dest] = [query.text("source"), query.text("dest")];
    const size = Math.min(Math.max(query.integer("page_size", defaultPageSize), 1), maxPageSize);
    const after = nameFromCursor(query.text("cursor"));
    const covered = (state: RouterState): boolean => call.grant.covers(state.source) && call.grant.covers(state.dest);
    const list = (wish: Wish): Page<RouterState> => {
      const page = engine.listRouters({ prefix: wish.prefix, source, dest, covered }, wish.after, wish.size);
      return { items: page.routers, next: page.next };
    };
    return call.afterChanges(() => {
      const { items, next } = pageWithin(call.grant, { prefix, after, size }, list, ({ router }) => router);
      return routersReply({ routers: items, next }, call, clock);
    });
  };
}

export function deleteRouter({ engine, clock }: HttpDeps): Handler {
  return async (call) => {
    const deleted = await call.inOrder(async () => {
      const state = known(() => engine.routerState(call.name));
      if (state !== undefined) demandTopics(call, state);
      return engine.deleteRouter(call.name);
    });
    return deleteRouterReply(deleted, call, clock);
  };
}

function demandTopics({ grant }: Call, { source, dest }: RouterState): void {
  grant.demandName("topic", source);
  grant.demandName("topic", dest);
}

/** One that is not there is deleted already. */
function known(state: () => RouterState): RouterState | undefined {
  try {
    return state();
  } catch (error) {
    if (error instanceof TopicsError && error.code === "router_not_found") return undefined;
    throw error;
  }
}
