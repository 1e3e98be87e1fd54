/** A queue to try things on: its topic in a world whose clock and log a test moves. */
import { TopicsError } from "../../base/errors.ts";
import type { TopicConfig } from "../../topic/config.ts";
import { append, records, type TestRecord, World } from "../../topic/testing/world.ts";
import type { Topic } from "../../topic/topic.ts";
import type { Job } from "../job.ts";
import { JobTable } from "../job-table.ts";
import { LeaseIds } from "../lease-id.ts";
import { Queue } from "../queue.ts";
import type { ClaimedJob, HeldJobs } from "../requests.ts";

let processes = 0;

export class Bench {
  readonly world: World;
  readonly topic: Topic;
  readonly queue: Queue;
  /** What `bury` is to take. */
  bury: ((jobs: readonly Job[]) => Promise<readonly Job[]>) | undefined;

  private constructor(world: World, topic: Topic) {
    this.world = world;
    this.topic = topic;
    processes++;
    this.queue = new Queue(topic, {
      clock: world.clock,
      timers: world.clock,
      leaseIds: new LeaseIds({ bytes: (count) => new Uint8Array(count).fill(processes) }),
      bury: (_topic, _table, jobs) => this.bury?.(jobs),
      crash: (error) => {
        throw error;
      },
    });
  }

  static async of(config: Partial<TopicConfig> = {}): Promise<Bench> {
    const world = new World();
    world.makeJobs = () => new JobTable(world.clock);
    return new Bench(world, await world.topic({ type: "queue", ...config }));
  }

  /** The queue as a new process finds it: from the whole log, or from a checkpoint and what follows. */
  async restarted(from: "log" | "checkpoint" = "log"): Promise<Bench> {
    const elsewhere = this.world.elsewhere();
    elsewhere.makeJobs = () => new JobTable(elsewhere.clock);
    const topic =
      from === "log"
        ? this.world.replayed(elsewhere)
        : await this.world.resumed(this.world.captured(this.topic), elsewhere);
    topic.afterRecovery(this.world.clock.ms);
    Object.defineProperty(elsewhere, "log", { value: this.world.log });
    return new Bench(elsewhere, topic);
  }

  produce(count: number): Promise<unknown> {
    return append(this.topic, records(count, this.topic.headSeq + 1));
  }

  write(...what: TestRecord[]): Promise<unknown> {
    return append(this.topic, what);
  }

  async claim(node: string, max = 1, leaseMs?: number): Promise<readonly ClaimedJob[]> {
    return (await this.queue.claim({ node, max, leaseMs, signal: undefined })).claimed;
  }

  async seqs(node: string, max = 1, leaseMs?: number): Promise<number[]> {
    return (await this.claim(node, max, leaseMs)).map(({ seq }) => seq);
  }

  async ack(node: string, seqs: readonly number[], leaseIds?: readonly string[]): Promise<number> {
    return (await this.queue.ack({ node, seqs, leaseIds })).acked;
  }

  nack(node: string, seqs: readonly number[], delayMs = 0): Promise<{ readonly nacked: number }> {
    return this.queue.nack({ ...held(node, seqs), delayMs });
  }

  get counts(): string {
    const { ready, inFlight, deadLettered } = this.queue.counts();
    return `${ready} ${inFlight} ${deadLettered}`;
  }

  pass(ms: number): void {
    this.world.clock.advance(ms);
  }
}

export function held(node: string, seqs: readonly number[]): HeldJobs {
  return { node, seqs, leaseIds: undefined };
}

export function isCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof TopicsError && error.code === code;
}
