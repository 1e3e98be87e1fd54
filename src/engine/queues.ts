/** The queues of a directory (spec 5): finds the topic of each call, and tells those who wait that there may be something. */
import { TopicsError } from "../base/errors.ts";
import type { Env } from "../env/env.ts";
import type { JobClock } from "../queue/job.ts";
import { LeaseIds } from "../queue/lease-id.ts";
import { Queue, type QueueDeps } from "../queue/queue.ts";
import type {
  AckResult,
  ClaimRequest,
  ClaimResult,
  ExtendRequest,
  ExtendResult,
  HeldJobs,
  NackRequest,
  NackResult,
  QueueCounts,
} from "../queue/requests.ts";
import type { WorkRequest, WorkSink, WorkStream } from "../queue/work-streams.ts";
import type { TopicConfig } from "../topic/config.ts";
import type { Topic } from "../topic/topic.ts";
import { DeadLetters } from "./dead-letters.ts";
import type { EngineEvents } from "./events.ts";
import type { QueueVerbs, RedriveRequest, RedriveResult } from "./queue-api.ts";

export interface QueuesDeps {
  readonly env: Env;
  readonly clock: JobClock;
  readonly events: EngineEvents;
  /** A topic that may be spoken of; throws for one that is not there. */
  live(name: string): Topic;
  find(name: string): Topic | undefined;
  /** As `Routers.catchUp`. */
  caughtUp(topicId: number): Promise<void> | undefined;
  /** There is less in a topic. */
  roomMade(topicId: number): void;
  /** As in `DeadLettersDeps`. */
  made(name: string, config: TopicConfig): Promise<Topic>;
  crash(error: unknown): void;
}

export class Queues implements QueueVerbs {
  readonly #deps: QueuesDeps;
  readonly #queueDeps: QueueDeps;
  readonly #queues = new Map<number, Queue>();
  readonly #deadLetters: DeadLetters;

  constructor(deps: QueuesDeps) {
    this.#deps = deps;
    this.#deadLetters = new DeadLetters({
      clock: deps.clock,
      events: deps.events,
      live: (name) => deps.find(name),
      made: (name, config) => deps.made(name, config),
      wake: (topicId) => this.wake(topicId),
    });
    this.#queueDeps = {
      clock: deps.clock,
      timers: deps.env.timers,
      leaseIds: new LeaseIds(deps.env.random),
      bury: (topic, table, jobs) => this.#deadLetters.bury(topic, table, jobs),
      crash: (error) => deps.crash(error),
    };
  }

  check(topic: string): void {
    this.#of(topic);
  }

  async claim(topic: string, request: ClaimRequest): Promise<ClaimResult> {
    const behind = this.#deps.caughtUp(this.#of(topic).topic.id);
    if (behind !== undefined) await behind;
    return this.#of(topic).claim(request);
  }

  async ack(topic: string, request: HeldJobs): Promise<AckResult> {
    const queue = this.#of(topic);
    const result = await queue.ack(request);
    if (result.acked > 0) this.#deps.roomMade(queue.topic.id);
    return result;
  }

  nack(topic: string, request: NackRequest): Promise<NackResult> {
    return this.#of(topic).nack(request);
  }

  extend(topic: string, request: ExtendRequest): Promise<ExtendResult> {
    return this.#of(topic).extend(request);
  }

  work(topic: string, request: WorkRequest, sink: WorkSink): WorkStream {
    return this.#of(topic).work(request, sink);
  }

  redrive(topic: string, request: RedriveRequest): Promise<RedriveResult> {
    return this.#deadLetters.redrive(this.#deps.live(topic), request);
  }

  /** Before anything is served: moves that were interrupted. */
  finishMoves(topics: () => Iterable<Topic>): Promise<void> {
    return this.#deadLetters.finish(topics);
  }

  /** Of the queues that were used since the start. */
  get leasesInFlight(): number {
    let sum = 0;
    for (const { table } of this.#queues.values()) sum += table.inFlight;
    return sum;
  }

  /** `undefined` for a log. */
  countsOf(topic: Topic): QueueCounts | undefined {
    return topic.config.type === "queue" ? this.#for(topic).counts() : undefined;
  }

  /** There is something new in a topic. */
  wake(topicId: number): void {
    this.#queues.get(topicId)?.wake();
  }

  gone(topic: Topic): void {
    const { name } = topic;
    const error = new TopicsError("topic_not_found", `there is no topic ${name} any more`, { topic: name });
    this.#queues.get(topic.id)?.end(error);
    this.#queues.delete(topic.id);
  }

  /** The server stops: streams end. */
  stop(error: TopicsError): void {
    for (const queue of this.#queues.values()) queue.end(error);
  }

  #of(name: string): Queue {
    const topic = this.#deps.live(name);
    if (topic.config.type !== "queue")
      throw new TopicsError("not_a_queue", `topic ${name} is a log, not a queue`, { topic: name });
    return this.#for(topic);
  }

  #for(topic: Topic): Queue {
    let queue = this.#queues.get(topic.id);
    if (queue === undefined) {
      queue = new Queue(topic, this.#queueDeps);
      this.#queues.set(topic.id, queue);
    }
    return queue;
  }
}
