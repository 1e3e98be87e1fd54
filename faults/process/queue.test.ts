/**
 * Jobs through workers that die, disconnect, give back and come back under the same name, and a server that is killed over
 * and over (spec 5, 8.3): each job is acked once, none is lost, and nobody gets one that somebody else holds.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { type ClientRequest, get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Prng } from "../../sim/prng.ts";
import { Connection } from "./connection.ts";
import { JobLedger, type ToldJob } from "./job-ledger.ts";
import { ServerProcess } from "./server.ts";

const leaseMs = 500;
/** One by one they are slow. */
const mostStreamed = 150;
const path = "/v0/topics/jobs";

describe("a queue whose workers and server die", () => {
  let directory: string;
  let server: ServerProcess | undefined;

  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "topics-queue-"))));
  afterEach(async () => {
    await server?.kill();
    rmSync(directory, { recursive: true, force: true });
  });

  for (const { durable, jobs, kills } of [
    { durable: false, jobs: 10_000, kills: 3 },
    { durable: true, jobs: 600, kills: 1 },
  ])
    it(`finishes ${jobs} jobs, each once, with leases that are ${durable ? "durable" : "in memory"}`, async function () {
      this.timeout(240_000);
      const ledger = new JobLedger(durable, leaseMs);
      const prng = new Prng(`queue ${durable}`);
      server = await start(directory);
      await produce(server.port, jobs, durable);
      for (let round = 0; round <= kills; round++) {
        const running = server;
        const enough = round === kills ? Infinity : Math.floor((jobs * (round + 1)) / (kills + 2));
        await work(running, ledger, prng.fork(`round ${round}`), enough, jobs);
        if (round === kills) break;
        await running.kill();
        ledger.died();
        server = await start(directory);
      }
      const connection = new Connection(server.port);
      const state = JSON.parse((await connection.send("GET", path)).text) as { count: number; queue: unknown };
      connection.close();
      assert.deepEqual([state.count, state.queue], [0, { ready: 0, in_flight: 0, dead_lettered: 0 }]);
      ledger.verify(jobs);
      assert.ok(ledger.redelivered > 0, "somebody died");
    });
});

function start(directory: string): Promise<ServerProcess> {
  const environment = {
    TOPICS_WAL_FILE_BYTES: String(256 << 10),
    TOPICS_SEGMENT_MAX_EVENTS: "500",
    TOPICS_CHECKPOINT_BYTES: String(128 << 10),
    TOPICS_CHECKPOINT_MS: "200",
    TOPICS_TAIL_BYTES: String(1 << 20),
  };
  return ServerProcess.start({ directory, environment });
}

async function produce(port: number, jobs: number, durable: boolean): Promise<void> {
  const connection = new Connection(port);
  const config = { type: "queue", leases_durable: durable, lease_ms: leaseMs, claim_jitter_ms: 25 };
  const made = await connection.send("PUT", path, JSON.stringify(config));
  assert.equal(made.status, 201, made.text);
  for (let from = 1; from <= jobs; from += 500) {
    const records = Array.from({ length: Math.min(500, jobs - from + 1) }, (_, i) => ({ data: from + i }));
    const { status, text } = await connection.send("POST", path, JSON.stringify({ records }));
    assert.equal(status, 200, text);
  }
  connection.close();
}

/** Twenty workers, until so many jobs are acked and the server is killed, or all of them are done. */
async function work(server: ServerProcess, ledger: JobLedger, prng: Prng, enough: number, jobs: number): Promise<void> {
  const isOver = (): boolean => ledger.acks >= enough;
  const acked = (): void => {
    if (isOver()) server.signal("SIGKILL");
  };
  let done = false;
  const crew = Array.from({ length: 20 }, (_, i) => {
    const name = `worker ${i}`;
    return new Worker(server.port, name, ledger, prng.fork(name), acked);
  });
  const working = async (worker: Worker, does: Promise<void>): Promise<void> => {
    try {
      await does;
    } catch (error) {
      // The server died under it, or the others have finished.
      if (error instanceof assert.AssertionError || !(done || isOver())) throw error;
    } finally {
      worker.leave();
    }
  };
  const [streams, claimers] = [crew.slice(0, 4), crew.slice(4)];
  const streaming = streams.map((worker) => working(worker, worker.stream(isOver, jobs)));
  try {
    await Promise.all(claimers.map((worker) => working(worker, worker.claim(isOver, jobs))));
  } finally {
    // Nothing is pushed any more: who waits for it would wait for ever.
    done = true;
    for (const worker of streams) worker.leave();
  }
  await Promise.all(streaming);
}

class Worker {
  readonly #connection: Connection;
  readonly #port: number;
  readonly #name: string;
  readonly #ledger: JobLedger;
  readonly #prng: Prng;
  readonly #acked: () => void;
  #open: ClientRequest | undefined;

  constructor(port: number, name: string, ledger: JobLedger, prng: Prng, acked: () => void) {
    this.#connection = new Connection(port);
    this.#port = port;
    this.#name = name;
    this.#ledger = ledger;
    this.#prng = prng;
    this.#acked = acked;
  }

  leave(): void {
    this.#connection.close();
    this.#open?.destroy();
  }

  async claim(isOver: () => boolean, jobs: number): Promise<void> {
    while (!isOver()) {
      const askedMs = performance.now();
      const body = { node: this.#name, max: this.#prng.between(10, 80) };
      const { claimed } = await this.#post<{ claimed: ToldJob[] }>("claim", body);
      this.#ledger.claimed(this.#name, claimed, askedMs);
      if (claimed.length === 0 && (await this.#isDone(jobs))) return;
      // Dies, and comes back under the same name; gives back; or does its work.
      if (this.#prng.chance(3)) continue;
      if (this.#prng.chance(5)) await this.#nack(claimed);
      else await this.#ack(claimed);
    }
  }

  /** Takes jobs from a stream, and drops the connection now and then. */
  async stream(isOver: () => boolean, jobs: number): Promise<void> {
    for (let left = mostStreamed; left > 0 && !isOver() && !(await this.#isDone(jobs));) {
      const most = this.#prng.between(1, 60);
      const askedMs = performance.now();
      const taken: ToldJob[] = [];
      for await (const job of this.#pushed()) {
        this.#ledger.claimed(this.#name, [job], askedMs);
        taken.push(job);
        await this.#ack([job]);
        left--;
        if (isOver() || left === 0 || taken.length >= most) break;
      }
    }
  }

  async *#pushed(): AsyncGenerator<ToldJob> {
    const target = `${path}/work?node=${encodeURIComponent(this.#name)}&max=1`;
    const response = await new Promise<AsyncIterable<Buffer>>((resolve, reject) => {
      this.#open = get({ host: "127.0.0.1", port: this.#port, path: target, agent: false }, resolve);
      this.#open.on("error", reject);
    });
    let text = "";
    try {
      for await (const chunk of response) {
        text += chunk.toString();
        for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
          const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
          text = text.slice(end + 2);
          if (data !== undefined) yield JSON.parse(data) as ToldJob;
        }
      }
    } finally {
      this.#open?.destroy();
    }
  }

  async #ack(jobs: readonly ToldJob[]): Promise<void> {
    if (jobs.length === 0) return;
    this.#ledger.asked(jobs);
    const seqs = jobs.map(({ $seq }) => $seq);
    const tokens = this.#prng.chance(50) ? { lease_ids: jobs.map(({ lease_id: id }) => id) } : {};
    const { skipped } = await this.#post<{ skipped: number[] }>("ack", { node: this.#name, seqs, ...tokens });
    this.#ledger.acked(jobs, skipped);
    this.#acked();
  }

  async #nack(jobs: readonly ToldJob[]): Promise<void> {
    const seqs = jobs.map(({ $seq }) => $seq);
    this.#ledger.released(jobs);
    await this.#post("nack", { node: this.#name, seqs, delay_ms: this.#prng.pick([0, 0, 200]) });
  }

  async #isDone(jobs: number): Promise<boolean> {
    if (this.#ledger.acks < jobs * 0.9) return false;
    const { text } = await this.#connection.send("GET", path);
    return (JSON.parse(text) as { count: number }).count === 0;
  }

  async #post<T>(verb: string, body: unknown): Promise<T> {
    const { status, text } = await this.#connection.send("POST", `${path}/${verb}`, JSON.stringify(body));
    assert.equal(status, 200, text);
    return JSON.parse(text) as T;
  }
}
