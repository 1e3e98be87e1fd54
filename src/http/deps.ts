/** What the HTTP door calls. Logs, metrics and simulator coverage subscribe to the events; nothing here writes a log. */
import type { Engine } from "../engine/api.ts";
import type { Clock, Timers } from "../env/env.ts";
import type { HttpConfig } from "./config.ts";
import { Limits } from "./limits/limits.ts";
import { Metrics } from "./metrics/metrics.ts";

export interface HttpEvents {
  /** A bug: something that is no `TopicsError` came out of a handler. The client got a 500 that says nothing. */
  handlerFailed(failure: { readonly method: string; readonly path: string; readonly error: unknown }): void;
  /** A connection that did not speak HTTP, or too slowly; `code` is the parser's. */
  connectionRefused(refusal: { readonly code: string }): void;
}

export interface HttpDeps {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly timers: Pick<Timers, "soon" | "after" | "clear">;
  readonly events: HttpEvents;
  readonly config: HttpConfig;
  /** Where the door counts; whoever gives none has nobody else count there. */
  readonly metrics?: Metrics;
}

/** What the door's own parts know beside that. */
export interface DoorDeps extends HttpDeps {
  readonly limits: Limits;
  readonly metrics: Metrics;
}

/** What the door makes itself. */
export function doorDeps(deps: HttpDeps): DoorDeps {
  const metrics = deps.metrics ?? new Metrics();
  return { ...deps, events: counted(deps.events, metrics), limits: new Limits(deps.config, deps.clock), metrics };
}

function counted(events: HttpEvents, metrics: Metrics): HttpEvents {
  return {
    handlerFailed: (failure) => {
      metrics.handlerFailed();
      events.handlerFailed(failure);
    },
    connectionRefused: (refusal) => {
      metrics.connectionRefused(refusal.code);
      events.connectionRefused(refusal);
    },
  };
}
