/** Queues for cases: what workers ask, and what is where, in words that a case can state (spec 5). */
import assert from "node:assert/strict";
import { TopicsError } from "../src/base/errors.ts";
import type { ClaimedJob } from "../src/engine/queue-api.ts";
import type { TopicConfigPatch } from "../src/topic/config.ts";
import { parseRecords, readRequest } from "../sim/oracle/observation.ts";
import { appendRequest } from "./engine-run.ts";
import type { Scene } from "./scene.ts";

export class Jobs {
  readonly #scene: Scene;
  readonly #topic: string;

  constructor(scene: Scene, topic: string) {
    this.#scene = scene;
    this.#topic = topic;
  }

  async create(patch: TopicConfigPatch): Promise<void> {
    const { machine } = this.#scene;
    await machine.until(machine.engine.configureTopic(this.#topic, { type: "queue", ...patch }, "put"));
  }

  async produce(count: number): Promise<void> {
    const { machine } = this.#scene;
    const records = Array.from({ length: count }, (_, at) => ({ data: { job: at }, tag: "t" }));
    await machine.until(machine.engine.append(this.#topic, appendRequest({ records })));
  }

  async claim(node: string, max = 1): Promise<readonly ClaimedJob[]> {
    const { machine } = this.#scene;
    const request = { node, max, leaseMs: undefined, signal: undefined };
    const { claimed } = await machine.until(machine.engine.queues.claim(this.#topic, request));
    this.#scene.tell(`${node} claims ${claimed.map(({ seq, deliveries }) => `${seq} (${deliveries})`).join(" ")}`);
    return claimed;
  }

  /** `seq(deliveries)` of each. */
  async claims(node: string, max: number, wanted: string): Promise<void> {
    const claimed = await this.claim(node, max);
    assert.equal(claimed.map(({ seq, deliveries }) => `${seq}(${deliveries})`).join(" "), wanted, `claim of ${node}`);
  }

  async ack(node: string, seqs: readonly number[], leaseIds?: readonly string[]): Promise<number> {
    const { machine } = this.#scene;
    const { acked } = await machine.until(machine.engine.queues.ack(this.#topic, { node, seqs, leaseIds }));
    this.#scene.tell(`${node} acks ${seqs.join(" ")}: ${acked}`);
    return acked;
  }

  async nack(node: string, seqs: readonly number[], delayMs: number): Promise<void> {
    const { machine } = this.#scene;
    const { nacked } = await machine.until(
      machine.engine.queues.nack(this.#topic, { node, seqs, leaseIds: undefined, delayMs }),
    );
    assert.equal(nacked, seqs.length);
  }

  /** A call that has to be refused with this code. */
  async refused(code: string, call: Promise<unknown>): Promise<void> {
    await assert.rejects(call, (error) => {
      this.#scene.tell(`refused: ${String(error)}`);
      return error instanceof TopicsError && error.code === code;
    });
  }

  /** Seqs of the jobs that are there. */
  async holds(wanted: readonly number[]): Promise<void> {
    assert.deepEqual(await this.seqs(), wanted, `jobs of ${this.#topic}`);
  }

  async seqs(): Promise<number[]> {
    const { machine } = this.#scene;
    const seqs: number[] = [];
    for (let from = 0; ;) {
      const page = await machine.until(machine.engine.read(this.#topic, readRequest(from, 1000, 0)));
      seqs.push(...parseRecords(page.slices).map(({ seq }) => seq));
      page.release();
      if (page.caughtUp || page.nextFromSeq === from) return seqs;
      from = page.nextFromSeq;
    }
  }
}

/** A queue `q` with durable leases, of this class, and three jobs in it. */
export async function queueOfThree(scene: Scene, patch: TopicConfigPatch): Promise<Jobs> {
  await scene.start();
  const jobs = new Jobs(scene, "q");
  await jobs.create({ leasesDurable: true, ...patch });
  await jobs.produce(3);
  await scene.pass(500);
  return jobs;
}
