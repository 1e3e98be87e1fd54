/** What the HTTP door calls. Logs, metrics and simulator coverage subscribe to the events; nothing here writes a log. */
import type { Engine } from "../engine/api.ts";
import type { Clock, Timers } from "../env/env.ts";
import type { HttpConfig } from "./config.ts";
import type { Limits } from "./limits/limits.ts";

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
}

/** What the door's own parts know beside that. */
export interface DoorDeps extends HttpDeps {
  readonly limits: Limits;
}
