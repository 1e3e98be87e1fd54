/** A queue as cases speak of it (spec 5). */
import type { Context } from "./context.ts";
import { equal, fail, ok, truth } from "./expect.ts";
import type { Topic } from "./topic.ts";
import type { Fields } from "./topic.ts";
import type { HttpClient } from "./transport/client.ts";
import type { Reply } from "./transport/reply.ts";
import type { EventStream, StreamEvent } from "./transport/sse.ts";

export interface Job {
  readonly $seq: number;
  readonly lease_id: string;
  readonly deadline: number;
  readonly $ts: number;
  readonly $tag?: string;
  readonly deliveries: number;
  readonly data: unknown;
  readonly meta?: unknown;
}

export interface ClaimAnswer {
  readonly topic: string;
  readonly claimed: readonly Job[];
  readonly count: number;
  readonly ready: number;
}

export interface HeldAnswer {
  readonly topic: string;
  readonly acked?: number;
  readonly nacked?: number;
  readonly extended?: number;
  readonly skipped: readonly number[];
  readonly ready: number;
  readonly in_flight: number;
  readonly deadlines?: Readonly<Record<string, number>>;
}

/** Bounded by requests, never by waiting: about a second and a half. */
const mostRounds = 3000;

export class Queue {
  readonly topic: Topic;
  readonly #http: HttpClient;

  constructor(topic: Topic, http: HttpClient) {
    this.topic = topic;
    this.#http = http;
  }

  static async made(context: Context, config: Fields = {}, label?: string): Promise<Queue> {
    return new Queue(await context.topic({ type: "queue", ...config }, label), context.http);
  }

  get name(): string {
    return this.topic.name;
  }

  send(verb: string, body?: unknown): Promise<Reply> {
    return this.#http.send("POST", `${this.topic.path}/${verb}`, body as Fields);
  }

  async produced(count: number): Promise<void> {
    await this.topic.appendedNumbers(count);
  }

  async claimed(node: string, max = 1, more: Fields = {}): Promise<ClaimAnswer> {
    return ok<ClaimAnswer>(await this.send("claim", { node, max, ...more }));
  }

  async jobs(node: string, max = 1, more: Fields = {}): Promise<readonly Job[]> {
    return (await this.claimed(node, max, more)).claimed;
  }

  async seqs(node: string, max = 1, more: Fields = {}): Promise<number[]> {
    return (await this.jobs(node, max, more)).map(({ $seq }) => $seq);
  }

  async acked(node: string, seqs: readonly number[], more: Fields = {}): Promise<HeldAnswer> {
    return ok<HeldAnswer>(await this.send("ack", { node, seqs, ...more }));
  }

  async nacked(node: string, seqs: readonly number[], more: Fields = {}): Promise<HeldAnswer> {
    return ok<HeldAnswer>(await this.send("nack", { node, seqs, ...more }));
  }

  async extended(node: string, seqs: readonly number[], leaseMs: number, more: Fields = {}): Promise<HeldAnswer> {
    return ok<HeldAnswer>(await this.send("extend", { node, seqs, lease_ms: leaseMs, ...more }));
  }

  async counts(): Promise<{ readonly ready: number; readonly in_flight: number; readonly dead_lettered: number }> {
    const state = (await this.topic.state()) as unknown as { readonly queue?: unknown };
    const { queue } = state;
    truth(typeof queue === "object" && queue !== null, "the state of a queue has queue");
    return queue as { readonly ready: number; readonly in_flight: number; readonly dead_lettered: number };
  }

  /** Claims again and again until something is claimed. */
  async claimedAtLast(node: string, max = 1, more: Fields = {}): Promise<readonly Job[]> {
    for (let round = 0; round < mostRounds; round++) {
      const jobs = await this.jobs(node, max, more);
      if (jobs.length > 0) return jobs;
    }
    return fail(`nothing became claimable in ${this.name} within ${mostRounds} requests`);
  }

  async work(context: Context, query: string, headers: Readonly<Record<string, string>> = {}): Promise<WorkStream> {
    return new WorkStream(await context.events(`${this.topic.path}/work?${query}`, headers));
  }
}

/** A connection on which jobs are pushed. */
export class WorkStream {
  readonly events: EventStream;

  constructor(events: EventStream) {
    const { status, headers } = events.head;
    equal(status, 200, "status of a work stream");
    equal(headers["content-type"], "text/event-stream", "Content-Type of a work stream");
    equal(headers["cache-control"], "no-store", "Cache-Control of a work stream");
    this.events = events;
  }

  next(): Promise<StreamEvent> {
    return this.events.next();
  }

  async job(): Promise<Job & { readonly topic: string }> {
    const { event, id, data } = await this.next();
    equal(event, "job", "event");
    const job = data as unknown as Job & { readonly topic: string };
    equal(id, String(job.$seq), "id of the event");
    return job;
  }

  close(): void {
    this.events.destroy();
  }
}
