/**
 * Workers of a queue over plain sockets: each claims so many jobs on a connection of its own, acks them, and claims again.
 * Of an answer only the seqs are looked at, so that the driver costs less than what it measures. The time that counts for a
 * worker is that of the claim and the ack together.
 */
import { connect, type Socket } from "node:net";
import { Histogram } from "./histogram.ts";
import type { LoadResult } from "./load.ts";
import { post } from "./requests.ts";

export interface WorkerPlan {
  readonly url: string;
  readonly topic: string;
  readonly workers: number;
  /** Jobs of a claim. */
  readonly batch: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
}

const silenceMs = 30_000;
const wholeHead = /^HTTP\/1\.1 200 [^]*?\r\ncontent-length: *(\d+)\r\n[^]*?\r\n\r\n/i;
const jobSeq = /"\$seq":(\d+),"lease_id"/g;

/** Each request is one job acked. */
export async function runWorkers(plan: WorkerPlan): Promise<LoadResult> {
  const workers = await Promise.all(Array.from({ length: plan.workers }, (_, i) => Worker.open(plan, `w${i}`)));
  try {
    const tally = new Tally();
    const until = performance.now() + plan.warmUpMs;
    await Promise.all(workers.map((worker) => worker.run(until, new Tally())));
    const cpuBefore = process.cpuUsage();
    const started = performance.now();
    await Promise.all(workers.map((worker) => worker.run(started + plan.durationMs, tally)));
    const elapsedMs = performance.now() - started;
    const { user, system } = process.cpuUsage(cpuBefore);
    const { jobs: requests, bytes: responseBytes, times } = tally;
    return { requests, responseBytes, elapsedMs, cpu: (user + system) / 1000 / elapsedMs, latencies: times.counts() };
  } finally {
    for (const worker of workers) worker.close();
  }
}

class Tally {
  jobs = 0;
  bytes = 0;
  readonly times = new Histogram();
}

class Worker {
  readonly #plan: WorkerPlan;
  readonly #name: string;
  readonly #claim: Buffer;
  readonly #socket: Socket;
  #text = "";
  #answer: ((text: string) => void) | undefined;
  #fail: (error: Error) => void = () => undefined;

  static async open(plan: WorkerPlan, name: string): Promise<Worker> {
    const worker = new Worker(plan, name);
    await new Promise<void>((resolve, reject) => {
      worker.#fail = reject;
      worker.#socket.once("connect", resolve);
    });
    return worker;
  }

  private constructor(plan: WorkerPlan, name: string) {
    const { hostname, port } = new URL(plan.url);
    this.#plan = plan;
    this.#name = name;
    this.#claim = this.#message("claim", { node: name, max: plan.batch });
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#socket.setEncoding("latin1");
    this.#socket.on("data", (text: string) => this.#read(text));
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("end", () => this.#fail(new Error("the server closed a connection")));
    this.#socket.setTimeout(silenceMs, () => this.#fail(new Error(`no answer within ${silenceMs} ms`)));
  }

  async run(untilMs: number, tally: Tally): Promise<void> {
    while (performance.now() < untilMs) {
      const before = performance.now();
      const claimed = await this.#ask(this.#claim);
      const seqs = Array.from(claimed.matchAll(jobSeq), ([, seq]) => Number(seq));
      if (seqs.length === 0) throw new Error("no job is left: the measurement would be of nothing");
      const acked = await this.#ask(this.#message("ack", { node: this.#name, seqs }));
      if (!acked.includes(`"acked":${seqs.length},`)) throw new Error(`an ack of ${seqs.length} jobs: ${acked}`);
      tally.jobs += seqs.length;
      tally.bytes += claimed.length + acked.length;
      tally.times.record((performance.now() - before) * 1e6);
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #message(what: string, body: object): Buffer {
    const { url, topic } = this.#plan;
    return post(new URL(url).host, `/v0/topics/${topic}/${what}`, JSON.stringify(body));
  }

  /** The body of the answer. */
  #ask(message: Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#answer = resolve;
      this.#fail = reject;
      this.#socket.write(message);
    });
  }

  #read(text: string): void {
    this.#text += text;
    const head = wholeHead.exec(this.#text);
    if (head === null) {
      if (this.#text.includes("\r\n\r\n")) this.#fail(new Error(`not the answer of a worker: ${this.#text}`));
      return;
    }
    const bytes = Number(head[1]);
    if (this.#text.length < head[0].length + bytes) return;
    const body = this.#text.slice(head[0].length);
    this.#text = "";
    this.#answer?.(body);
  }
}
