/**
 * Workers of queues, as callers are (client.ts): what they ask and are told goes to the oracle, records that are acked as
 * deletes of them, leases to the ledger of the queue, which says what no answer may be. Nobody rejects for what a caller may
 * be told.
 */
import { TopicsError } from "../../src/base/errors.ts";
import type { QueueVerbs } from "../../src/engine/queue-api.ts";
import { defaultConfig, type TopicConfig } from "../../src/topic/config.ts";
import type { PlainRecord } from "../oracle/model.ts";
import type { QueueLedger } from "../oracle/queue-ledger.ts";
import { Violation } from "../oracle/violation.ts";
import type { Answer } from "./client.ts";
import type { Machine } from "./machine.ts";

/** One that is about to expire is nobody's to rely on. */
const marginMs = 50;

export class Workers {
  readonly #machine: Machine;
  readonly #queues: QueueVerbs;

  /** Of the process that runs now. */
  constructor(machine: Machine) {
    this.#machine = machine;
    this.#queues = machine.engine.queues;
  }

  /** What was claimed, or why nothing could be. */
  async claim(topic: string, node: string, max: number, leaseMs: number): Promise<number[] | string> {
    const ledger = this.#ledger(topic);
    const live = this.#machine.oracle.topic(topic).live;
    const durable = live?.config.leasesDurable === true && !live.isEphemeral;
    if (durable) ledger.mayLease(live.records.map(({ seq }) => seq));
    const askedMs = this.#machine.nowMs;
    const result = await this.#told(() => this.#queues.claim(topic, { node, max, leaseMs, signal: undefined }));
    if (typeof result === "string") return result;
    const nowMs = this.#machine.nowMs;
    const jobs = result.claimed;
    const wrong = ledger.claimed(jobs, { node, leaseMs, askedMs, nowMs, wallMs: nowMs, durable });
    if (wrong !== undefined) throw new Violation("1.10/10", `${topic}: ${wrong}`);
    if (jobs.length > max) throw new Violation("1.10/10", `${topic}: ${jobs.length} jobs for ${max}`);
    this.#counted(topic);
    return jobs.map(({ seq }) => seq);
  }

  /** What the node certainly holds, or some of it. */
  async ack(topic: string, node: string, most = Infinity): Promise<Answer> {
    const seqs = this.#certain(topic, node, most);
    if (seqs.length === 0) return undefined;
    const history = this.#machine.oracle.topic(topic);
    const number = history.issue({ kind: "deleteRecords", seqs }, this.#machine.nowMs);
    this.#ledger(topic).asked(seqs);
    const result = await this.#told(() => this.#queues.ack(topic, { node, seqs, leaseIds: undefined }));
    if (typeof result === "string") {
      history.fail(number, result === "unknown");
      return result;
    }
    if (result.skipped.length > 0)
      throw new Violation("1.10/10", `${topic}: ${node} holds ${result.skipped.join()}, and could not ack it`);
    history.ack(number);
    this.#counted(topic);
    return undefined;
  }

  async nack(topic: string, node: string, delayMs: number, most = Infinity): Promise<Answer> {
    const seqs = this.#certain(topic, node, most);
    if (seqs.length === 0) return undefined;
    const ledger = this.#ledger(topic);
    ledger.asked(seqs);
    if (delayMs > 0) ledger.mayLease(seqs);
    const askedMs = this.#machine.nowMs;
    const result = await this.#told(() => this.#queues.nack(topic, { node, seqs, leaseIds: undefined, delayMs }));
    if (typeof result === "string") return result;
    if (result.nacked !== seqs.length)
      throw new Violation("1.10/10", `${topic}: ${node} could give back ${result.nacked} of ${seqs.length} jobs`);
    if (delayMs > 0) for (const seq of seqs) ledger.delayed(seq, askedMs + delayMs);
    this.#counted(topic);
    return undefined;
  }

  async extend(topic: string, node: string, leaseMs: number): Promise<Answer> {
    const seqs = this.#certain(topic, node, Infinity);
    if (seqs.length === 0) return undefined;
    const ledger = this.#ledger(topic);
    const before = seqs.map((seq) => ledger.held.get(seq)!);
    ledger.asked(seqs);
    const askedMs = this.#machine.nowMs;
    const leaseIds = before.map(({ leaseId }) => leaseId);
    const result = await this.#told(() => this.#queues.extend(topic, { node, seqs, leaseIds, leaseMs }));
    if (typeof result === "string") return result;
    if (result.extended !== seqs.length)
      throw new Violation("1.10/10", `${topic}: ${node} could extend ${result.extended} of ${seqs.length} leases`);
    for (const [i, seq] of seqs.entries())
      ledger.extended(seq, { ...before[i], untilMs: askedMs + leaseMs, settled: false });
    return undefined;
  }

  /** A claim of jobs that were all delivered as often as may be: they go to the dead letters, which are made if need be. */
  async bury(topic: string, dead: string, deliveries: number): Promise<void> {
    const { oracle } = this.#machine;
    const { config, records } = oracle.topic(topic).live!;
    const letters = records.map(({ seq, record }) => {
      const added = {
        $dead_letter_from: topic,
        $dead_letter_deliveries: String(deliveries),
        $dead_letter_src_seq: String(seq),
      };
      return { ...record, meta: JSON.stringify({ ...metaOf(record), ...added }) };
    });
    const made = { ...defaultConfig, type: "queue" as const, durability: config.durability };
    await this.#move(topic, dead, letters, made, async () => {
      const claimed = await this.claim(topic, "late", 1000, 1000);
      if (claimed.length > 0)
        throw new Violation("9.4/8", `${topic}: ${String(claimed)} went to a worker, not to ${dead}`);
    });
  }

  /** All dead letters go back to where they came from. */
  async redrive(dead: string, topic: string): Promise<void> {
    const letters = this.#machine.oracle
      .topic(dead)
      .live!.records.map(({ record: { meta: _, ...record }, record: whole }) => {
        const meta = Object.entries(metaOf(whole)).filter(([key]) => !key.startsWith("$dead_letter_"));
        return meta.length === 0 ? record : { ...record, meta: JSON.stringify(Object.fromEntries(meta)) };
      });
    await this.#move(dead, topic, letters, undefined, async () => {
      const request = { to: undefined, limit: Infinity, mayMoveTo: () => true };
      const result = await this.#told(() => this.#queues.redrive(dead, request));
      if (typeof result === "string" || result.redriven !== letters.length)
        throw new Violation("9.4/8", `${dead}: ${JSON.stringify(result)} went back of ${letters.length}`);
    });
  }

  /** Both topics change, or neither, for each of the records. */
  async #move(
    from: string,
    to: string,
    records: readonly PlainRecord[],
    made: TopicConfig | undefined,
    call: () => Promise<void>,
  ): Promise<void> {
    const { oracle, nowMs } = this.#machine;
    const [source, target] = [oracle.topic(from), oracle.topic(to)];
    const seqs = source.live!.records.map(({ seq }) => seq);
    // Another move may be on its way there.
    const ahead = target.open.filter(({ change, state }) => change.kind === "append" && state === "pending").length;
    let next = (target.live?.head ?? 0) + ahead + 1;
    const creation =
      target.live === undefined && made !== undefined
        ? target.issue({ kind: "create", config: made }, nowMs)
        : undefined;
    const copies = records.map((record) => target.issue({ kind: "append", records: [record] }, nowMs));
    const removal = source.issue({ kind: "deleteRecords", seqs }, nowMs);
    await call();
    if (creation !== undefined) target.ack(creation);
    for (const copy of copies) target.ack(copy, next++);
    source.ack(removal);
  }

  /** After a start: a record that was on its way is in one of the two topics, and not in both. */
  static verifyMoved(machine: Machine, topics: readonly string[], count: number): void {
    const found = topics.flatMap((topic) => machine.oracle.topic(topic).live?.records ?? []);
    const different = new Set(found.map(({ record }) => record.data));
    if (found.length !== count || different.size !== count)
      throw new Violation(
        "9.4/8",
        `of ${count} jobs ${found.length} are in ${topics.join(" and ")}, ${different.size} different ones`,
      );
  }

  /** After a start: what should hold does, everything else is claimable, and in the end all of it is. */
  async verify(): Promise<void> {
    for (const [topic, ledger] of this.#machine.oracle.queues) {
      const { live } = this.#machine.oracle.topic(topic);
      if (live === undefined) continue;
      const claimed = await this.#machine.until(this.claim(topic, "verifier", 1000, 1000));
      if (typeof claimed === "string") throw new Violation("9.4/10", `${topic}: a claim was refused: ${claimed}`);
      const away = live.records.map(({ seq }) => seq).filter((seq) => !claimed.includes(seq));
      const lost = away.filter((seq) => !ledger.mayBeAway(seq));
      if (lost.length > 0)
        throw new Violation("9.4/8", `${topic}: jobs ${lost.join()} are neither claimable nor leased`);
      await this.#machine.until(this.#verifyHeld(topic, ledger));
    }
    await this.#machine.pass(longestMs);
    for (const [topic] of this.#machine.oracle.queues) {
      const { live } = this.#machine.oracle.topic(topic);
      if (live === undefined) continue;
      const claimed = await this.#machine.until(this.claim(topic, "last", 1000, 1000));
      if (typeof claimed === "string" || claimed.length !== live.records.length)
        throw new Violation(
          "9.4/8",
          `${topic}: of ${live.records.length} jobs ${String(claimed)} are claimable in the end`,
        );
    }
  }

  async #verifyHeld(topic: string, ledger: QueueLedger): Promise<void> {
    for (const [seq, { node, leaseId, untilMs }] of [...ledger.held]) {
      if (node === "verifier" || untilMs < this.#machine.nowMs + marginMs) continue;
      const held = { node, seqs: [seq], leaseIds: [leaseId], leaseMs: 1000 };
      const { extended } = await this.#queues.extend(topic, held);
      if (extended !== 1)
        throw new Violation("9.4/8", `${topic}: the lease of ${node} on ${seq} did not outlive a crash`);
    }
  }

  /** `ready` and `in_flight` are right at any time: never more than there is. */
  #counted(topic: string): void {
    const { count, queue } = this.#machine.engine.topicState(topic, false);
    if (queue === undefined) throw new Violation("1.10/9", `${topic} has no queue state`);
    const { ready, inFlight } = queue;
    if (ready < 0 || inFlight < 0 || ready + inFlight > count)
      throw new Violation("1.10/9", `${topic} has ${ready} ready and ${inFlight} in flight of ${count}`);
  }

  #certain(topic: string, node: string, most: number): number[] {
    const seqs = this.#ledger(topic).heldBy(node, this.#machine.nowMs + marginMs);
    return seqs.sort((a, b) => a - b).slice(0, most);
  }

  #ledger(topic: string): QueueLedger {
    return this.#machine.oracle.queue(topic);
  }

  async #told<T>(call: () => Promise<T>): Promise<T | string> {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof TopicsError)) {
        this.#machine.bug(error);
        return "bug";
      }
      return error.detail?.["outcome"] === "unknown" ? "unknown" : error.code;
    }
  }
}

function metaOf({ meta }: PlainRecord): Record<string, unknown> {
  return meta === undefined ? {} : (JSON.parse(meta) as Record<string, unknown>);
}

/** Longer than any lease and any delay here. */
const longestMs = 400_000;
