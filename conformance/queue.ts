/** A queue as cases speak of it (spec 5). */
import type { Context } from "./context.ts";
import { equal, fail, ok, truth } from "./expect.ts";
import type { Topic } from "./topic.ts";
import type { Fields } from "./topic.ts";
import type { HttpClient } from "./transport/http1.ts";
import { type RawConnection, requestText } from "./transport/raw.ts";
import type { Reply } from "./transport/reply.ts";

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

  work(context: Context, query: string, ...headers: string[]): Promise<WorkStream> {
    return WorkStream.open(context, `${this.topic.path}/work?${query}`, headers);
  }
}

/** A connection on which jobs are pushed. */
export class WorkStream {
  readonly #connection: RawConnection;

  private constructor(connection: RawConnection) {
    this.#connection = connection;
  }

  static async open(context: Context, path: string, headers: readonly string[]): Promise<WorkStream> {
    const connection = await context.connect();
    await connection.write(requestText(context.target, "GET", path, headers));
    const head = (await connection.upTo("\r\n\r\n")).toLowerCase();
    truth(head.startsWith("http/1.1 200"), `a work stream is answered with 200, not ${head.split("\r\n")[0]}`);
    truth(/\r\ncontent-type: text\/event-stream\r\n/.test(head), "a work stream is text/event-stream");
    truth(/\r\ncache-control: no-store\r\n/.test(head), "a work stream is not stored");
    return new WorkStream(connection);
  }

  /** The next event that is not a comment, nor the advice about retries. */
  async event(): Promise<{ readonly event: string; readonly id: string | undefined; readonly data: unknown }> {
    for (;;) {
      const block = await this.#connection.upTo("\n\n");
      const field = (name: string): string | undefined => new RegExp(`(?:^|\\n)${name}: (.*)`).exec(block)?.[1];
      const data = field("data");
      if (data === undefined) continue;
      const text = Buffer.from(data, "latin1").toString("utf8");
      return { event: field("event") ?? "message", id: field("id"), data: JSON.parse(text) as unknown };
    }
  }

  async job(): Promise<Job & { readonly topic: string }> {
    const { event, id, data } = await this.event();
    equal(event, "job", "event");
    const job = data as Job & { readonly topic: string };
    equal(id, String(job.$seq), "id of the event");
    return job;
  }

  /** True once the server has ended it. */
  ended(): Promise<boolean> {
    return this.#connection.closed();
  }

  close(): void {
    this.#connection.destroy();
  }

  upTo(text: string): Promise<string> {
    return this.#connection.upTo(text);
  }
}
