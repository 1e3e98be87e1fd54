/** Claim, ack, nack, extend and the work stream of queues (spec 5). */
import { TopicsError } from "../../base/errors.ts";
import type { Work, WorkSink } from "../../engine/queue-api.ts";
import type { Handler } from "../call.ts";
import { readControl } from "../control-body.ts";
import type { HttpDeps } from "../deps.ts";
import { checkAcceptsEvents } from "../media.ts";
import { ackReply, claimReply, extendReply, jobPieces, nackReply, redriveReply } from "../replies/queues.ts";
import {
  ackFromBody,
  ackShape,
  claimFromBody,
  claimShape,
  extendFromBody,
  extendShape,
  nackFromBody,
  nackShape,
  redriveFromBody,
  redriveShape,
  workFromQuery,
} from "../shapes/queues.ts";
import { sseFrame } from "../sse-frame.ts";
import type { SseSource, SseStream } from "../sse.ts";

const heartbeatMs = 15_000;

export function claimJobs(deps: HttpDeps): Handler {
  const { engine, clock, config } = deps;
  return async (call) => {
    const request = claimFromBody(await readControl(call, claimShape.fields, "refused", deps), call, config);
    return claimReply(await call.inOrder(() => engine.queues.claim(call.topic, request)), call, clock);
  };
}

export function ackJobs(deps: HttpDeps): Handler {
  const { engine, clock, config } = deps;
  return async (call) => {
    const request = ackFromBody(await readControl(call, ackShape.fields, "refused", deps), config);
    return ackReply(await call.inOrder(() => engine.queues.ack(call.topic, request)), call, clock);
  };
}

export function nackJobs(deps: HttpDeps): Handler {
  const { engine, clock, config } = deps;
  return async (call) => {
    const request = nackFromBody(await readControl(call, nackShape.fields, "refused", deps), config);
    return nackReply(await call.inOrder(() => engine.queues.nack(call.topic, request)), call, clock);
  };
}

export function extendLeases(deps: HttpDeps): Handler {
  const { engine, clock, config } = deps;
  return async (call) => {
    const request = extendFromBody(await readControl(call, extendShape.fields, "refused", deps), config);
    return extendReply(await call.inOrder(() => engine.queues.extend(call.topic, request)), call, clock);
  };
}

/** Back to where dead letters came from. It takes as long as it takes. */
export function redriveJobs(deps: HttpDeps): Handler {
  const { engine, clock } = deps;
  return async (call) => {
    const request = redriveFromBody(await readControl(call, redriveShape.fields, "empty object", deps), call);
    call.takeTime();
    return redriveReply(await call.inOrder(() => engine.queues.redrive(call.topic, request)), call, clock);
  };
}

export function workStream(deps: HttpDeps): Handler {
  const { engine, config } = deps;
  return (call) => {
    // What the path names comes first (2.2).
    engine.queues.check(call.topic);
    checkAcceptsEvents(call.headers);
    const { topic } = call;
    const request = workFromQuery(call, config);
    return {
      heartbeatMs,
      open: (stream) => new OpenWork(stream, topic, (sink) => engine.queues.work(topic, request, sink)),
    };
  };
}

/** A stream of jobs, between its queue and its socket. */
class OpenWork implements SseSource, WorkSink {
  readonly #stream: SseStream;
  readonly #topic: string;
  readonly #work: Work | undefined;

  constructor(stream: SseStream, topic: string, begin: (sink: WorkSink) => Work) {
    this.#stream = stream;
    this.#topic = topic;
    this.#work = this.#begin(begin);
  }

  get isReady(): boolean {
    return this.#stream.isOpen && !this.#stream.isFull;
  }

  push(...[job]: Parameters<WorkSink["push"]>): void {
    this.#stream.send(sseFrame("job", jobPieces(job, this.#topic), String(job.seq)));
  }

  end(error: TopicsError): void {
    if (error.code === "shutting_down") this.#stream.shutDown();
    else this.#stream.endWith(409, error.code, error.message, { topic: this.#topic });
  }

  drained(): void {
    this.#work?.drained();
  }

  closed(): void {
    this.#work?.close();
  }

  /** The topic may have gone since the request was looked at. */
  #begin(begin: (sink: WorkSink) => Work): Work | undefined {
    try {
      return begin(this);
    } catch (error) {
      if (!(error instanceof TopicsError)) throw error;
      this.end(error);
      return undefined;
    }
  }
}
