/** Watch sessions and their streams (spec 4.1, 4.2). */
import { TopicsError } from "../../base/errors.ts";
import type { Call, Handler } from "../call.ts";
import { readControl } from "../control-body.ts";
import type { HttpDeps } from "../deps.ts";
import { checkAcceptsEvents } from "../media.ts";
import { Query } from "../query.ts";
import { sessionReply } from "../replies/watch.ts";
import { sessionFromBody, watchShape } from "../shapes/watch.ts";
import { sseFormat } from "../sse-format.ts";
import type { SseReply, SseSource, SseStream } from "../sse.ts";

export function openSession(deps: HttpDeps): Handler {
  const { engine, clock, config } = deps;
  return async (call) => {
    const lenient = new Query(call.query, ["lenient"]).flag("lenient", false);
    const value = await readControl(call, watchShape.fields, "refused", deps);
    const request = sessionFromBody(value, lenient, call.grant, config);
    return call.afterChanges(() => sessionReply(engine.watch.open(request), call, clock));
  };
}

export function openStream({ engine }: HttpDeps): Handler {
  return (call) =>
    call.afterChanges((): SseReply | Promise<SseReply> => {
      const { heartbeatMs, named } = engine.watch.session(call.name, call.grant.key);
      checkAcceptsEvents(call.headers);
      const reply: SseReply = { heartbeatMs, open: (stream) => sourceOf(engine.watch, call, stream) };
      const behind = behindOf(engine, named);
      return behind.length === 0 ? reply : Promise.all(behind).then(() => reply);
    });
}

/** What a client wrote to a router's source it finds in the destination: with a stream, before that is caught up (3.2). */
function behindOf(engine: HttpDeps["engine"], topics: Iterable<string>): Promise<void>[] {
  const behind: Promise<void>[] = [];
  for (const topic of topics) {
    const wait = ifThere(() => engine.caughtUp(topic));
    if (wait !== undefined) behind.push(wait);
  }
  return behind;
}

/** Topics may be watched that are not there. */
function ifThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof TopicsError && error.code === "topic_not_found") return undefined;
    throw error;
  }
}

function sourceOf(watch: HttpDeps["engine"]["watch"], { name: wid, headers }: Call, stream: SseStream): SseSource {
  const lastEventId = headers["last-event-id"];
  const id = typeof lastEventId === "string" ? lastEventId : undefined;
  const handle = watch.stream(wid, id, sseFormat, stream);
  if (handle !== undefined) return handle;
  return {
    start: () => stream.endWith(410, "not_found", "This watch session is gone; make a new one."),
    drained: () => undefined,
    closed: () => undefined,
  };
}
