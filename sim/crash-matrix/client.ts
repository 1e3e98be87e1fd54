/**
 * Speaks to an engine as callers do, and tells the oracle of every call and answer. No method rejects for what a caller may
 * be told: the answer says how it went.
 */
import { defaultBatchLimits, maxIdempotencyKeyBytes } from "../../src/base/limits.ts";
import { portableSlicer } from "../../src/base/json-slice.ts";
import { TopicsError } from "../../src/base/errors.ts";
import { type CommitClass, defaultConfig, type TopicConfig, type TopicConfigPatch } from "../../src/topic/config.ts";
import type { Door, WrittenAppend } from "../door.ts";
import { isFirst, isOne, isRepeat } from "../oracle/invariants/94-06-one-append.ts";
import type { Change, PlainRecord } from "../oracle/model.ts";
import { takenBy } from "../oracle/links.ts";
import { observeTopic, parseRecords, readRequest } from "../oracle/observation.ts";
import { type Oracle, Violation } from "../oracle/oracle.ts";

/** The error code of a refusal; `undefined` when all went well. */
export type Answer = string | undefined;

export interface AppendOptions {
  readonly key?: string;
  readonly tag?: string;
  readonly node?: string;
  /** Makes each payload about this long. */
  readonly padBytes?: number;
  /** As no serialiser would write it: it comes back as it went (1.1). */
  readonly odd?: boolean;
  /** Of a queue: not claimable for so long. */
  readonly delayMs?: number;
}

export interface ClientDeps {
  readonly door: Door;
  readonly oracle: Oracle;
  nowMs(): number;
  /** A record of class `fsync` is acked: throws when the device does not have it. */
  checkOnDevice(topic: string, data: string): void;
  acked(topic: string): void;
  /** The server may not believe the wall clock. */
  clocksDisagree(): boolean;
  /** What no caller may ever see. */
  bug(error: unknown): void;
}

const limits = { ...defaultBatchLimits, maxKeyBytes: maxIdempotencyKeyBytes };
const longPollMs = 1_000_000;

export interface RouteOptions {
  readonly prefix?: string | undefined;
  readonly exactlyOnce?: boolean | undefined;
}

export class Client {
  readonly #deps: ClientDeps;
  readonly #prefix: string;
  #records = 0;

  /** `prefix` makes the payloads of one client unlike any other's. */
  constructor(deps: ClientDeps, prefix: string) {
    this.#deps = deps;
    this.#prefix = prefix;
  }

  async put(topic: string, patch: TopicConfigPatch): Promise<Answer> {
    const { door, oracle } = this.#deps;
    const config: TopicConfig = { ...defaultConfig, ...patch };
    const there = this.#isThere(topic);
    if (there && sameConfig(oracle.topic(topic).live?.config, config)) return undefined;
    const change: Change = there ? { kind: "configure", config } : { kind: "create", config };
    const hadTtl = there && oracle.topic(topic).live?.config.ttlMs !== 0;
    return this.#told(topic, change, async (number) => {
      await door.configureTopic(topic, patch, "put");
      if (hadTtl) oracle.topic(topic).configured(number, (await door.topicState(topic, false)).earliestSeq);
      return undefined;
    });
  }

  create(topic: string, durability: CommitClass, patch: TopicConfigPatch = {}): Promise<Answer> {
    return this.put(topic, { ...patch, durability });
  }

  /** Makes the topic, of class `disk`, where it is not there. */
  async append(topic: string, count: number, options: AppendOptions = {}): Promise<Answer> {
    const { door, oracle } = this.#deps;
    const records = Array.from({ length: count }, () => this.#record(options));
    const { key } = options;
    const isSynced = oracle.topic(topic).live?.config.durability === "fsync";
    const nowMs = this.#needsClock(topic) ? await this.#clock(topic) : this.#deps.nowMs();
    const created = this.#isThere(topic) ? undefined : this.#issue(topic, { kind: "create", config: defaultConfig });
    const answer = await this.#told(
      topic,
      key === undefined ? { kind: "append", records } : { kind: "append", records, key },
      async (number) => {
        const staged = (): void => oracle.topic(topic).staged(number);
        const result = await door.append(topic, { ...appendRequest(records, key, options.delayMs), staged });
        isFirst(topic, key ?? "", result);
        if (created !== undefined) {
          oracle.topic(topic).ack(created);
          oracle.topic(topic).happenedAt(number, await this.#clock(topic));
        }
        if (isSynced && oracle.topic(topic).live?.config.durability === "fsync")
          for (const { data } of records) this.#deps.checkOnDevice(topic, data);
        return result.firstSeq;
      },
      nowMs,
    );
    if (answer !== undefined && created !== undefined) oracle.topic(topic).fail(created, answer === "unknown");
    return answer;
  }

  /** The same write several times at once, with one key: one of them appends. */
  async appendTogether(topic: string, key: string, times: number): Promise<Answer> {
    const { door, oracle } = this.#deps;
    const records = [this.#record({})];
    return this.#told(topic, { kind: "append", records, key }, async (number) => {
      const staged = (): void => oracle.topic(topic).staged(number);
      const calls = Array.from({ length: times }, () => door.append(topic, { ...appendRequest(records, key), staged }));
      const answers = await Promise.allSettled(calls);
      const results = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
      const failed = answers.find((answer) => answer.status === "rejected");
      const [first] = results;
      if (first === undefined) throw failed?.reason;
      isOne(topic, key, results);
      return first.firstSeq;
    });
  }

  /**
   * A write whose first try is cut off, and which is then tried again with its key: it is there once. `firstTry` says whether
   * all of it may have arrived.
   */
  async appendAgain(topic: string, key: string, firstTry: (body: string) => Promise<boolean>): Promise<Answer> {
    const { door, oracle } = this.#deps;
    const records = [this.#record({})];
    const request = appendRequest(records, key);
    return this.#told(topic, { kind: "append", records, key }, async (number) => {
      const mayHaveArrived = await firstTry(request.body);
      const staged = (): void => oracle.topic(topic).staged(number);
      const result = await door.append(topic, { ...request, staged });
      if (result.deduped && !mayHaveArrived)
        throw new Violation("9.3", `a body that was cut short was committed to ${topic} all the same`);
      return result.firstSeq;
    });
  }

  /** A write whose key is known: appends nothing. */
  async repeat(topic: string, key: string, first: { readonly from: number; readonly to: number }): Promise<void> {
    const result = await this.#deps.door.append(topic, appendRequest([this.#record({})], key));
    isRepeat(topic, key, first, result);
  }

  deleteBefore(topic: string, beforeSeq: number): Promise<Answer> {
    return this.#delete(topic, { kind: "deleteRecords", beforeSeq });
  }

  /** A star at the end of `tag` stands for any ending. */
  deleteTag(topic: string, tag: string, beforeSeq?: number): Promise<Answer> {
    return this.#delete(topic, { kind: "deleteRecords", tag, ...(beforeSeq === undefined ? {} : { beforeSeq }) });
  }

  deleteTopic(topic: string): Promise<Answer> {
    const { door, oracle } = this.#deps;
    const leaving = oracle.links.routers.filter(
      ({ state, source, dest }) => state === "there" && (source === topic || dest === topic),
    );
    for (const router of leaving) router.state = "leaving";
    return this.#told(topic, { kind: "deleteTopic" }, async () => {
      await door.deleteTopic(topic, false);
      for (const router of leaving) router.state = "gone";
      return undefined;
    });
  }

  /** Reads on for ever: whatever it is shown may not be taken back. */
  async watch(topic: string): Promise<void> {
    const { door, oracle } = this.#deps;
    try {
      for (let from = 0; ;) {
        const history = oracle.topic(topic);
        const { instances } = history;
        const page = await door.read(topic, readRequest(from, 1000, longPollMs));
        for (const record of parseRecords(page.slices)) oracle.showed(topic, record);
        // On its way the answer may have been overtaken by that to a delete: then it is of the former topic of that name.
        if (history.instances === instances) history.showedHead(page.headSeq);
        page.release();
        from = page.nextFromSeq;
      }
    } catch (error) {
      if (!(error instanceof TopicsError)) this.#deps.bug(error);
    }
  }

  async #delete(topic: string, change: Change & { kind: "deleteRecords" }): Promise<Answer> {
    const { beforeSeq, tag } = change;
    const match =
      tag === undefined
        ? undefined
        : tag.endsWith("*")
          ? ({ op: "Glob", prefix: tag.slice(0, -1) } as const)
          : ({ op: "Eq", value: tag } as const);
    const { door, oracle } = this.#deps;
    return this.#told(topic, change, async (number) => {
      const dest = oracle.links.dest(topic);
      const taken = dest === undefined ? [] : takenBy(change, (await observeTopic(door, topic)).records);
      dest?.deletes.push(change);
      dest?.open.add(change);
      await door.deleteRecords(topic, { beforeSeq, match });
      if (dest !== undefined) {
        dest.took(taken, change, (await observeTopic(door, topic)).records);
        dest.open.delete(change);
        return undefined;
      }
      const untilMs = await this.#clock(topic);
      if (untilMs !== undefined) oracle.topic(topic).answeredAt(number, untilMs);
      return undefined;
    });
  }

  /** A router between topics that are there. */
  async route(source: string, dest: string, options: RouteOptions = {}): Promise<Answer> {
    const { door, oracle } = this.#deps;
    const { prefix, exactlyOnce = false } = options;
    const name = `${source}->${dest}`;
    const from = await this.#headOf(source);
    const router = oracle.links.asked({ name, source, dest, prefix, from }, oracle.topic(dest));
    const answer = await this.#answer(async () => {
      await door.putRouter(name, {
        source,
        dest,
        createDest: false,
        preserveNode: true,
        preserveTag: true,
        filter: prefix === undefined ? undefined : { op: "Glob", prefix },
        allowCycle: false,
        exactlyOnce,
      });
      router.state = "there";
      router.certain = await this.#headOf(source);
    });
    if (answer !== undefined && answer !== "unknown") router.state = "gone";
    return answer;
  }

  async unroute(source: string, dest: string): Promise<Answer> {
    const { door, oracle } = this.#deps;
    const name = `${source}->${dest}`;
    const leaving = oracle.links.routers.filter((router) => router.name === name && router.state === "there");
    for (const router of leaving) router.state = "leaving";
    return this.#answer(async () => {
      await door.deleteRouter(name);
      for (const router of leaving) router.state = "gone";
    });
  }

  async #told(
    topic: string,
    change: Change,
    call: (number: number) => Promise<number | undefined>,
    nowMs?: number,
  ): Promise<Answer> {
    const { oracle } = this.#deps;
    // Calls of one tick are made in their order: nobody waits who need not.
    if (nowMs === undefined && this.#needsClock(topic)) nowMs = await this.#clock(topic);
    const number = this.#issue(topic, change, nowMs);
    try {
      const firstSeq = await call(number);
      oracle.topic(topic).ack(number, firstSeq);
      if (change.kind === "append") this.#deps.acked(topic);
      return undefined;
    } catch (error) {
      if (!(error instanceof TopicsError)) {
        this.#deps.bug(error);
        return "bug";
      }
      const unknown = error.detail?.["outcome"] === "unknown";
      oracle.topic(topic).fail(number, unknown);
      return unknown ? "unknown" : error.code;
    }
  }

  async #answer(call: () => Promise<void>): Promise<Answer> {
    try {
      await call();
      return undefined;
    } catch (error) {
      if (error instanceof TopicsError) return error.detail?.["outcome"] === "unknown" ? "unknown" : error.code;
      this.#deps.bug(error);
      return "bug";
    }
  }

  #issue(topic: string, change: Change, nowMs = this.#deps.nowMs()): number {
    return this.#deps.oracle.topic(topic).issue(change, nowMs);
  }

  /** Of what routers lead to, nobody but the server knows it. */
  async #headOf(topic: string): Promise<number> {
    const { door, oracle } = this.#deps;
    if (oracle.links.dest(topic) === undefined) return oracle.topic(topic).live?.head ?? 0;
    return (await door.topicState(topic, false)).headSeq;
  }

  #needsClock(topic: string): boolean {
    const { live } = this.#deps.oracle.topic(topic);
    return live !== undefined && (live.config.ttlMs !== 0 || this.#deps.clocksDisagree());
  }

  /** The server's clock, where something may expire or the wall clock is not believed; otherwise that will do. */
  async #clock(topic: string): Promise<number | undefined> {
    const { door } = this.#deps;
    if (!this.#needsClock(topic)) return undefined;
    try {
      return (await door.topicState(topic, true)).lastReadTs;
    } catch (error) {
      if (error instanceof TopicsError) return undefined;
      throw error;
    }
  }

  #isThere(topic: string): boolean {
    const history = this.#deps.oracle.topic(topic);
    // What a restart will show has not happened yet.
    const last = history.issued.findLast(
      ({ change, state }) => state !== "unknown" && (change.kind === "create" || change.kind === "deleteTopic"),
    );
    return last === undefined ? history.base !== undefined : last.change.kind === "create";
  }

  #record({ tag, node, padBytes = 0, odd }: AppendOptions): PlainRecord {
    const number = ++this.#records;
    const data = JSON.stringify({ id: `${this.#prefix}-${number}`, pad: "x".repeat(padBytes) });
    return {
      data: odd === true ? data.replace('"pad":', '"odd" : [1.0, -0,1E400,"\\u0041"],"pad": ') : data,
      ...(tag === undefined ? {} : { tag }),
      ...(node === undefined ? {} : { node }),
      ...(number % 3 === 0 ? { meta: JSON.stringify({ n: number }) } : {}),
    };
  }
}

export function appendRequest(
  records: readonly PlainRecord[],
  key: string | undefined,
  delayMs?: number,
): WrittenAppend {
  const written = records.map(
    ({ data, tag, node, meta }) =>
      [
        `{"data":${data}`,
        ...(tag === undefined ? [] : [`"tag":${JSON.stringify(tag)}`]),
        ...(node === undefined ? [] : [`"node":${JSON.stringify(node)}`]),
        ...(meta === undefined ? [] : [`"meta":${meta}`]),
        ...(delayMs === undefined ? [] : [`"delay_ms":${delayMs}`]),
      ].join(",") + "}",
  );
  const named = key === undefined ? "" : `"idempotency_key":${JSON.stringify(key)},`;
  const body = `{${named}"records":[${written.join(",")}]}`;
  const slicing = portableSlicer.begin(Buffer.from(body), limits);
  while (!slicing.step(1 << 20));
  const { batch, disableBackpressure } = slicing.result();
  return { batch, idempotencyKey: key, create: undefined, config: undefined, disableBackpressure, body };
}

function sameConfig(one: TopicConfig | undefined, other: TopicConfig): boolean {
  return one !== undefined && (Object.keys(other) as (keyof TopicConfig)[]).every((key) => one[key] === other[key]);
}
