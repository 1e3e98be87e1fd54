/** Answers about routers (spec 3.1). */
import type { PutRouterResult, RouterPage, RouterState } from "../../router/router.ts";
import type { Clock } from "../../env/env.ts";
import type { Call } from "../call.ts";
import { jsonText } from "../json-text.ts";
import { shownMs } from "../performance.ts";
import type { Reply } from "../reply.ts";
import { utf8Reply } from "../reply.ts";
import { cursorAfter } from "../shapes/cursor.ts";
import { predicateTuple } from "../shapes/predicate.ts";

export function putRouterReply({ created, state }: PutRouterResult, call: Call, clock: Clock): Reply {
  const { router, ...settings } = settingsOf(state);
  return reply(created ? 201 : 200, { router, created, ...settings }, call, clock);
}

export function routerReply(state: RouterState, call: Call, clock: Clock): Reply {
  const { forwardedTotal, lag, pausedBy, lastError } = state;
  const how = { forwarded_total: forwardedTotal, lag, last_error: lastError ?? null, paused_by: pausedBy ?? null };
  return reply(200, { ...settingsOf(state), ...how }, call, clock);
}

export function routersReply({ routers, next }: RouterPage, call: Call, clock: Clock): Reply {
  const listed = routers.map((state) => ({
    router: state.router,
    source: state.source,
    dest: state.dest,
    guarantee: guaranteeOf(state),
    forwarded_total: state.forwardedTotal,
  }));
  return reply(200, { routers: listed, next_cursor: next && cursorAfter(next) }, call, clock);
}

export function deleteRouterReply(deleted: boolean, call: Call, clock: Clock): Reply {
  return reply(200, { router: call.name, deleted }, call, clock);
}

function settingsOf(state: RouterState): Readonly<Record<string, unknown>> & { readonly router: string } {
  return {
    router: state.router,
    source: state.source,
    dest: state.dest,
    preserve_node: state.preserveNode,
    preserve_tag: state.preserveTag,
    filter: state.filter === undefined ? null : predicateTuple(state.filter),
    allow_cycle: state.allowCycle,
    guarantee: guaranteeOf(state),
  };
}

function guaranteeOf({ exactlyOnce }: RouterState): string {
  return exactlyOnce ? "exactly_once" : "at_least_once";
}

function reply(status: number, body: Readonly<Record<string, unknown>>, call: Call, clock: Clock): Reply {
  const performance = { server_total_ms: shownMs(clock.monotonicMs() - call.startedMs) };
  return utf8Reply(status, jsonText({ ...body, performance }));
}
