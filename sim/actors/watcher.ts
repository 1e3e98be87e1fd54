/**
 * Watches a topic from anywhere, over streams that it stalls and drops, and resumes from the last id it has seen: what it
 * is shown is what a read shows, each record once and in order (9.4/5).
 */
import type { Engine } from "../../src/engine/api.ts";
import type { FrameFormat, Outbox, StreamFrame } from "../../src/watch/frames.ts";
import type { StreamHandle } from "../../src/watch/watch.ts";
import { type Arrived, sameAsRead, unbroken } from "../oracle/invariants/94-05-streams.ts";
import { brief, parseRecords } from "../oracle/observation.ts";
import type { Actor } from "../run/actor.ts";
import type { Stage } from "../run/stage.ts";
import { drawTopic } from "./topics.ts";

interface Doing {
  readonly topic: string;
  readonly percent: number;
  readonly limit: number;
  readonly maxBytes: number;
  readonly nodes: readonly string[];
  /** Frames that arrive on each stream before it is dropped; the next one is lost on the way. */
  readonly cuts: readonly number[];
  /** After every so many frames the client does not read for a while; 0: it always does. */
  readonly stallEvery: number;
}

interface Bytes {
  readonly kind: StreamFrame["kind"];
  readonly id: string | undefined;
  readonly seqs: readonly number[];
  readonly data: readonly string[];
}

const format: FrameFormat<Bytes> = {
  name: "sim",
  withIds: true,
  encode: (frame, id) => {
    const records = frame.kind === "record" ? parseRecords(frame.page.slices) : [];
    return { kind: frame.kind, id, seqs: records.map(({ seq }) => seq), data: records.map(({ data }) => data) };
  },
  withId: (bytes, id) => ({ ...bytes, id }),
};

export const actor: Actor = {
  name: "watcher",
  weight: 4,
  plan: (prng) => ({
    topic: drawTopic(prng),
    percent: prng.chance(40) ? 0 : prng.below(100),
    limit: prng.pick([1, 3, 10, 1000]),
    maxBytes: prng.pick([1, 5000, 1 << 20]),
    nodes: prng.chance(30) ? ["n1"] : [],
    cuts: Array.from({ length: prng.below(4) }, () => prng.below(6)),
    stallEvery: prng.pick([0, 0, 1, 3]),
  }),
  act: async (stage, given) => {
    const doing = given as unknown as Doing;
    await stage.turns.alone(doing.topic, async () => {
      const { live } = stage.oracle.topic(doing.topic);
      if (live === undefined || live.config.ttlMs !== 0 || !stage.isHealthy || !stage.isServing) return;
      const { topic, percent, nodes } = doing;
      const start = live.earliest + Math.floor(((live.head + 1 - live.earliest) * percent) / 100) - 1;
      const wanted = live.records.filter(({ seq, record }) => seq > start && !nodes.includes(record.node ?? ""));
      const found = await watch(stage, doing, start);
      if (found === undefined) return;
      sameAsRead(`${topic} (${brief(doing)})`, wanted, found);
      stage.note(`watcher ${topic} ${found.seqs.length}`);
      stage.coverage.count("answers: watched to the end");
    });
  },
};

/** Everything that arrived; `undefined` when the disk failed meanwhile. */
async function watch(stage: Stage, doing: Doing, start: number): Promise<Arrived | undefined> {
  const { engine } = stage.machine;
  const { topic, limit, maxBytes, nodes, cuts } = doing;
  const options = {
    nodes,
    limit,
    maxBytes,
    includeTags: true,
    includeMeta: true,
    includeData: true,
    match: undefined,
    strong: false,
  };
  const { wid } = engine.watch.open({
    topics: [{ name: topic, fromSeq: start, tail: false }],
    prefixes: [],
    options,
    heartbeatMs: 15_000,
    lenient: false,
    owner: undefined,
  });
  const found = { seqs: [] as number[], data: [] as string[] };
  let id: string | undefined = Buffer.from(JSON.stringify({ [topic]: start })).toString("base64url");
  for (let at = 0; ; at++) {
    const client = new Client(stage, engine, doing.stallEvery, cuts[at] ?? Infinity);
    const outcome = await client.follow(wid, id);
    for (const frame of client.arrived) {
      found.seqs.push(...frame.seqs);
      found.data.push(...frame.data);
      id = frame.id ?? id;
    }
    if (outcome === "caught-up") return found;
    if (outcome === "error") {
      unbroken(`${topic} (${brief(doing)})`, stage.isHealthy);
      return undefined;
    }
    stage.coverage.count("answers: a stream was cut and resumed");
  }
}

class Client implements Outbox<Bytes> {
  readonly arrived: Bytes[] = [];
  isOpen = true;
  isFull = false;
  readonly #stage: Stage;
  readonly #engine: Engine;
  readonly #stallEvery: number;
  readonly #cut: number;
  #handle: StreamHandle | undefined;
  #over: (outcome: "cut" | "caught-up" | "error") => void = () => undefined;

  constructor(stage: Stage, engine: Engine, stallEvery: number, cut: number) {
    this.#stage = stage;
    this.#engine = engine;
    this.#stallEvery = stallEvery;
    this.#cut = cut;
  }

  follow(wid: string, id: string | undefined): Promise<"cut" | "caught-up" | "error"> {
    return new Promise((resolve) => {
      this.#over = resolve;
      this.#handle = this.#engine.watch.stream(wid, id, format, this);
      this.#handle?.start();
    });
  }

  send(frame: Bytes): void {
    if (!this.isOpen) return;
    if (this.arrived.length >= this.#cut) return this.#end("cut");
    this.arrived.push(frame);
    if (frame.kind === "error") return this.#end("error");
    if (frame.kind === "caught-up") return this.#end("caught-up");
    if (this.#stallEvery === 0 || this.arrived.length % this.#stallEvery !== 0) return;
    this.isFull = true;
    this.#stage.scheduler.timers.after(50, () => {
      this.isFull = false;
      this.#handle?.drained();
    });
  }

  end(): void {
    this.#end("error");
  }

  #end(outcome: "cut" | "caught-up" | "error"): void {
    this.isOpen = false;
    // Not within the delivery that it ends.
    this.#stage.scheduler.timers.soon(() => {
      this.#handle?.closed();
      this.#over(outcome);
    });
  }
}
