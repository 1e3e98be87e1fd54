/** One exchange from its handler to its answer: errors become envelopes here, and bugs become events. */
import { TopicsError } from "../base/errors.ts";
import type { Handler } from "./call.ts";
import type { HttpEvents } from "./deps.ts";
import { ClientGone, errorReply, internalError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import type { Limits } from "./limits/limits.ts";
import { acceptsGzip } from "./media.ts";
import { minPackBytes, pack } from "./pack.ts";
import type { Reply } from "./reply.ts";
import { shuttingDown } from "./routes/health.ts";
import type { SseDeps } from "./sse.ts";
import type { Upgrades } from "./upgrade.ts";

export interface ServeDeps {
  readonly events: HttpEvents;
  readonly stopping: () => boolean;
  readonly streams: SseDeps;
  readonly limits: Limits;
  readonly upgrades: Upgrades;
}

/** Throws what forbids the request. */
export type Admission = (exchange: Exchange) => void;

/** Never rejects. */
export async function serve(exchange: Exchange, admit: Admission, handler: Handler, deps: ServeDeps): Promise<void> {
  let reply: Reply;
  try {
    admit(exchange);
    const answer = await handler(exchange);
    if ("open" in answer) {
      if (exchange.method !== "HEAD") exchange.becomesStream(deps.limits.streams.take(exchange.grant));
      exchange.stream(answer, deps.streams, deps.stopping);
      return;
    }
    if ("upgrade" in answer) {
      exchange.becomesStream(deps.limits.streams.take(exchange.grant));
      exchange.upgrade(answer, deps.upgrades, deps.stopping);
      return;
    }
    reply = answer;
    if (reply.bytes >= minPackBytes && acceptsGzip(exchange.headers)) reply = await pack(reply);
  } catch (error) {
    const failure = failureReply(error, exchange, deps);
    if (failure === undefined) return;
    reply = failure;
  } finally {
    exchange.handled();
  }
  exchange.send(reply, deps.stopping());
}

/** `undefined` when there is nobody to answer. */
function failureReply(error: unknown, exchange: Exchange, deps: ServeDeps): Reply | undefined {
  if (error instanceof ClientGone) return undefined;
  if (error instanceof TopicsError) return errorReply(error);
  if (exchange.gone && isAbort(error)) return undefined;
  if (deps.stopping() && isAbort(error)) return errorReply(shuttingDown());
  deps.events.handlerFailed({ method: exchange.method, path: pathOf(exchange.req.url), error });
  return errorReply(internalError());
}

/** Without the query: a token may stand there. */
function pathOf(url = ""): string {
  const mark = url.indexOf("?");
  return mark < 0 ? url : url.slice(0, mark);
}

/** A wait that `Call.interrupted` ended. */
function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
