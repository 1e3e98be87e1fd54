/** Queues for the tests of the HTTP door: what was asked, word for word, and jobs that a test puts there. */
import type {
  AckResult,
  ClaimedJob,
  ClaimRequest,
  ClaimResult,
  ExtendRequest,
  ExtendResult,
  HeldJobs,
  NackRequest,
  NackResult,
  QueueVerbs,
  RedriveRequest,
  RedriveResult,
  Work,
  WorkRequest,
  WorkSink,
} from "../../engine/queue-api.ts";

export class FakeQueues implements QueueVerbs {
  readonly asked: (ClaimRequest | HeldJobs | NackRequest | ExtendRequest | WorkRequest | RedriveRequest)[] = [];
  jobs: ClaimedJob[] = [];
  sink: WorkSink | undefined;
  closed = 0;
  drained = 0;
  readonly #mayFail: () => void;

  constructor(mayFail: () => void) {
    this.#mayFail = mayFail;
  }

  check(): void {
    this.#mayFail();
  }

  claim(_topic: string, request: ClaimRequest): Promise<ClaimResult> {
    return this.#answer(request, { claimed: this.jobs, ready: 3 });
  }

  ack(_topic: string, request: HeldJobs): Promise<AckResult> {
    const { seqs } = request;
    const counts = { ready: 1, inFlight: 2, fsyncMs: 0.5, fsyncGated: seqs.length > 1 };
    return this.#answer(request, { acked: Math.min(1, seqs.length), skipped: seqs.slice(1), ...counts });
  }

  nack(_topic: string, request: NackRequest): Promise<NackResult> {
    return this.#answer(request, { nacked: 0, skipped: request.seqs, ready: 1, inFlight: 2 });
  }

  extend(_topic: string, request: ExtendRequest): Promise<ExtendResult> {
    return this.#answer(request, { extended: 1, skipped: [], deadlines: [{ seq: 7, deadlineMs: 1234 }] });
  }

  work(_topic: string, request: WorkRequest, sink: WorkSink): Work {
    this.asked.push(request);
    this.sink = sink;
    return { drained: () => void this.drained++, close: () => void this.closed++ };
  }

  redrive(_topic: string, request: RedriveRequest): Promise<RedriveResult> {
    return this.#answer(request, { redriven: 2, left: 1 });
  }

  #answer<T>(request: FakeQueues["asked"][number], result: T): Promise<T> {
    this.#mayFail();
    this.asked.push(request);
    return Promise.resolve(result);
  }
}
