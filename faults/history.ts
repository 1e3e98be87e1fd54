/**
 * Several runs of a server in a row on one simulated disk, each ended by a kill, a power loss with some legal survival, or
 * a clean stop, with writes in flight; held against what was answered (spec 1.10, 8.2). What one recovery leaves behind is
 * the next one's input.
 */
import assert from "node:assert/strict";
import { SimulatedDisk } from "../sim/disk/disk.ts";
import { survivals } from "../sim/disk/survivals.ts";
import { Prng } from "../sim/prng.ts";
import { scheduledCompletions } from "../sim/scheduled-completions.ts";
import { Scheduler } from "../sim/scheduler.ts";
import { SimEnv } from "../sim/sim-env.ts";
import { TopicsError } from "../src/base/errors.ts";
import type { RunningEngine } from "../src/engine/engine.ts";
import { StartRefusal } from "../src/storage/refusal.ts";
import type { CommitClass } from "../src/topic/config.ts";
import { appendRequest, readFrom, startEngine } from "./engine-run.ts";

const directory = "/data";
const topics: Readonly<Record<string, CommitClass>> = {
  e: "ephemeral",
  m: "memory",
  d: "disk",
  f: "fsync",
  d2: "disk",
  f2: "fsync",
};

type Ending = "kill" | "power" | "clean";

interface Book {
  readonly durability: CommitClass;
  /** Acked or shown: a seq belongs to its payload for ever. */
  readonly known: Map<number, string>;
  /** Acked, and not deleted or found lost since. */
  readonly acked: Set<number>;
  /** Lost and announced: never to be there again, always to be announced. */
  readonly lost: Set<number>;
  /** Batches that were tried, by their payloads. */
  readonly batches: string[][];
  deletedBefore: number;
  /** Of deletes that were tried: without an answer they may have happened or not. */
  triedBefore: number;
  mayHaveHoles: boolean;
  exists: boolean;
}

interface Run {
  readonly env: SimEnv;
  readonly engine: RunningEngine;
}

export interface HistoryOptions {
  readonly seed: string;
  readonly runs: number;
  /** Now and then a call of the disk fails while a run is at work. */
  readonly faults: boolean;
}

export class History {
  readonly #prng: Prng;
  readonly #options: HistoryOptions;
  readonly #books = new Map<string, Book>();
  readonly trace: string[] = [];
  #disk: SimulatedDisk;
  #scheduler: Scheduler;
  #made = 0;

  constructor(options: HistoryOptions) {
    this.#options = options;
    this.#prng = new Prng(options.seed);
    this.#scheduler = new Scheduler({ seed: options.seed });
    this.#disk = new SimulatedDisk({
      directories: [directory],
      seed: options.seed,
      completions: scheduledCompletions(this.#scheduler),
    });
    for (const [topic, durability] of Object.entries(topics))
      this.#books.set(topic, {
        durability,
        known: new Map(),
        acked: new Set(),
        lost: new Set(),
        batches: [],
        deletedBefore: 0,
        triedBefore: 0,
        mayHaveHoles: false,
        exists: false,
      });
  }

  async play(): Promise<void> {
    let ending: Ending = "clean";
    for (let number = 0; number <= this.#options.runs; number++) {
      const run = await this.#start(number);
      await this.#verify(run.engine, ending);
      if (number === this.#options.runs) return;
      const fault = this.#options.faults && this.#prng.chance(40) ? this.#plant() : undefined;
      await this.#work(run);
      ending = await this.#end(run, fault !== undefined);
      this.#disk.injector.clear();
      this.#disk.checkRules();
    }
  }

  async #start(number: number): Promise<Run> {
    this.trace.push(`start ${number}`);
    const env = new SimEnv({ disk: this.#disk, scheduler: this.#scheduler, seed: `${this.#options.seed}/${number}` });
    try {
      const engine = await this.#scheduler.settle(startEngine(env, { directory, shards: 2 }));
      await this.#scheduler.settle(engine.recover());
      return { env, engine };
    } catch (error) {
      assert.ok(!(error instanceof StartRefusal), `start ${number} is refused: ${String(error)}`);
      throw error;
    }
  }

  #plant(): string {
    const fault = this.#prng.pick([
      `datasync(wal-)#${this.#prng.between(1, 20)}:EIO:A`,
      `datasync(wal-)#${this.#prng.between(1, 20)}:EIO:B`,
      `datasync(wal-)#${this.#prng.between(1, 20)}:ENOSPC`,
      `write(wal-)#${this.#prng.between(1, 60)}:EIO`,
      `write(wal-)#${this.#prng.between(1, 60)}:ENOSPC`,
      `write(wal-)#${this.#prng.between(1, 60)}:short=half`,
      `rename#${this.#prng.between(1, 4)}:EIO`,
    ]);
    this.trace.push(`fault ${fault}`);
    this.#disk.injector.plant(fault);
    return fault;
  }

  /** Issues calls, mostly without waiting, and lets the machine go on a little between them. */
  async #work(run: Run): Promise<void> {
    const calls = this.#prng.between(5, 60);
    for (let call = 0; call < calls; call++) {
      const topic = this.#prng.pick(Object.keys(topics));
      const book = this.#books.get(topic)!;
      const work = this.#call(run, topic, book);
      // Whatever comes of it is booked by the call itself; one that is cut off by a crash never comes to an end.
      work.catch((error: unknown) => this.trace.push(`broken ${String(error)}`));
      if (this.#prng.chance(30)) await this.#scheduler.pass(this.#prng.pick([0.1, 1, 5, 30, 200]));
    }
    if (this.#prng.chance(30)) await this.#scheduler.pass(2000);
  }

  /** What a process answers itself after its death was answered to nobody. */
  async #call({ engine, env }: Run, topic: string, book: Book): Promise<void> {
    try {
      if (!book.exists) {
        await engine.configureTopic(topic, { durability: book.durability }, "put");
        if (!env.alive) return;
        this.trace.push(`created ${topic}`);
        book.exists = true;
      } else if (this.#prng.chance(8) && book.known.size > 0) {
        const seq = this.#prng.pick([...book.known.keys()]);
        book.triedBefore = Math.max(book.triedBefore, seq);
        await engine.deleteRecords(topic, { beforeSeq: seq, match: undefined });
        if (!env.alive) return;
        book.deletedBefore = Math.max(book.deletedBefore, seq);
        for (const acked of book.acked) if (acked < seq) book.acked.delete(acked);
      } else await this.#append({ engine, env }, topic, book);
    } catch (error) {
      if (!(error instanceof TopicsError)) throw error;
      this.trace.push(`${topic} ${error.code} ${JSON.stringify(error.detail ?? {})}`);
    }
  }

  async #append({ engine, env }: Run, topic: string, book: Book): Promise<void> {
    const text = this.#prng.chance(10) ? "x".repeat(this.#prng.between(500, 20_000)) : "";
    const payloads = Array.from({ length: this.#prng.chance(60) ? 1 : this.#prng.between(2, 8) }, () =>
      JSON.stringify(`${this.#made++}${text}`),
    );
    book.batches.push(payloads);
    const body = { records: payloads.map((payload) => ({ data: JSON.parse(payload) as string })) };
    const { firstSeq } = await engine.append(topic, appendRequest(body));
    if (!env.alive) return;
    this.trace.push(`acked ${topic} ${firstSeq} +${payloads.length}`);
    payloads.forEach((payload, at) => {
      this.#know(topic, book, firstSeq + at, payload);
      if (firstSeq + at >= book.deletedBefore) book.acked.add(firstSeq + at);
    });
  }

  async #end({ engine }: Run, faulty: boolean): Promise<Ending> {
    const ending = this.#prng.pick<Ending>(["kill", "kill", "power", "power", "clean"]);
    if (ending === "clean") {
      const closed = await this.#scheduler.settle(engine.close(10_000));
      this.trace.push(`clean ${closed}`);
      assert.ok(closed || faulty, "a quiet server stops in order");
      this.#disk.kill();
      return closed && !faulty ? "clean" : "power";
    }
    if (ending === "kill") {
      this.trace.push("kill");
      this.#disk.kill();
      return faulty ? "power" : "kill";
    }
    const choices = survivals(this.#disk.pending, { sample: 12, seed: this.#prng.next32() });
    const survival = this.#prng.pick(choices);
    this.trace.push(
      `power ${JSON.stringify(survival)}`,
      ...this.#disk.pending.map((p, i) => `${i} ${JSON.stringify({ ...p, image: undefined })}`),
    );
    this.#disk.kill();
    this.#disk = this.#disk.powerLoss(survival);
    return "power";
  }

  async #verify(engine: RunningEngine, ending: Ending): Promise<void> {
    this.trace.push(`verify after ${ending}`);
    const listed = new Set(engine.listTopics("", undefined, 100, false).topics.map(({ topic }) => topic));
    for (const [topic, book] of this.#books) {
      if (book.exists) assert.ok(listed.has(topic), `${topic} was created and is gone`);
      if (!listed.has(topic)) continue;
      book.exists = true;
      const { records, gaps } = await this.#scheduler.settle(readFrom(engine, topic));
      const announced = (seq: number): boolean => gaps.some(([from, to]) => from <= seq && seq <= to);
      const loses = mayLose(book.durability, ending);
      // A delete has its topic's class, like a record.
      if (loses) book.deletedBefore = Math.min(book.deletedBefore, ...records.keys());
      for (const [seq, payload] of records) {
        this.#know(topic, book, seq, payload);
        assert.ok(!book.lost.has(seq), `${topic} ${seq} was announced as lost and is back`);
        assert.ok(seq >= book.deletedBefore, `${topic} ${seq} was deleted and is back`);
      }
      for (const seq of book.acked) {
        if (records.has(seq)) continue;
        book.acked.delete(seq);
        if (seq < book.triedBefore) continue;
        assert.ok(loses, `${topic} ${seq} was acked and is gone after ${ending}`);
        assert.ok(announced(seq), `${topic} ${seq} was acked and is gone unannounced`);
        book.lost.add(seq);
      }
      for (const seq of book.lost)
        assert.ok(announced(seq) || seq < book.triedBefore, `${topic} ${seq} is not announced any more`);
      book.mayHaveHoles ||= loses;
      if (!book.mayHaveHoles) assert.deepEqual(gaps, [], `${topic} has no hole`);
      this.#verifyBatches(topic, book, records);
      const head = engine.topicState(topic, false).headSeq;
      for (const seq of book.known.keys()) assert.ok(seq <= head, `${topic}: head ${head} is below ${seq}`);
    }
  }

  #verifyBatches(topic: string, book: Book, records: ReadonlyMap<number, string>): void {
    const places = new Map([...records].map(([seq, payload]) => [payload, seq]));
    assert.equal(places.size, records.size, `${topic}: a record is there twice`);
    for (const payloads of book.batches) {
      const seqs = payloads.map((payload) => places.get(payload));
      const last = seqs.at(-1);
      seqs.forEach((seq, at) => {
        const wanted = last === undefined ? undefined : last - payloads.length + 1 + at;
        const deleted = wanted !== undefined && wanted < Math.max(book.deletedBefore, [...records.keys()][0] ?? 0);
        assert.ok(seq === wanted || (seq === undefined && deleted), `${topic}: a batch came apart`);
      });
    }
  }

  #know(topic: string, book: Book, seq: number, payload: string): void {
    const before = book.known.get(seq);
    assert.ok(
      before === undefined || before === payload,
      `${topic} ${seq} was ${before?.slice(0, 40)}, is ${payload.slice(0, 40)}`,
    );
    book.known.set(seq, payload);
  }
}

function mayLose(durability: CommitClass, ending: Ending): boolean {
  if (durability === "ephemeral") return true;
  if (durability === "fsync" || ending === "clean") return false;
  return durability === "memory" || ending === "power";
}
