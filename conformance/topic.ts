/**
 * One topic of a case. The plain verbs return the reply for a case to judge; the ones in the past tense or with a
 * typed answer demand success first, which keeps the set-up of a case to one line.
 */
import { equal, fail, ok } from "./expect.ts";
import type { Body, HttpClient, SendOptions } from "./transport/client.ts";
import type { Reply } from "./transport/reply.ts";
import type { AppendAnswer, ConfigureAnswer, DeleteRecordsAnswer, DiffAnswer, StateAnswer } from "./wire.ts";

export type Fields = Readonly<Record<string, unknown>>;

export class Topic {
  readonly name: string;
  readonly path: string;
  readonly #http: HttpClient;

  constructor(name: string, http: HttpClient) {
    this.name = name;
    this.path = `/v0/topics/${name}`;
    this.#http = http;
  }

  put(config?: Body, options?: SendOptions): Promise<Reply> {
    return this.#http.send("PUT", this.path, config, options);
  }

  append(body: Body, options?: SendOptions): Promise<Reply> {
    return this.#http.send("POST", this.path, body, options);
  }

  diff(body?: Body, options?: SendOptions): Promise<Reply> {
    return this.#http.send("POST", `${this.path}/diff`, body, options);
  }

  deleteRecords(body: Body, options?: SendOptions): Promise<Reply> {
    return this.#http.send("POST", `${this.path}/delete`, body, options);
  }

  get(query = ""): Promise<Reply> {
    return this.#http.send("GET", this.path + query);
  }

  drop(query = ""): Promise<Reply> {
    return this.#http.send("DELETE", this.path + query);
  }

  async configured(config: Fields): Promise<ConfigureAnswer> {
    return ok<ConfigureAnswer>(await this.put(config), 200, 201);
  }

  /** Appends records; `extra` are further fields of the request. */
  async appended(records: readonly Fields[], extra: Fields = {}): Promise<AppendAnswer> {
    return ok<AppendAnswer>(await this.append({ records, ...extra }), 200, 201);
  }

  /** Appends `n` records with the data 1…n. */
  appendedNumbers(n: number): Promise<AppendAnswer> {
    return this.appended(Array.from({ length: n }, (_, index) => ({ data: index + 1 })));
  }

  async read(request: Fields = {}): Promise<DiffAnswer> {
    return ok<DiffAnswer>(await this.diff(request));
  }

  async state(query = "?touch=false"): Promise<StateAnswer> {
    return ok<StateAnswer>(await this.get(query));
  }

  async deleted(request: Fields): Promise<DeleteRecordsAnswer> {
    return ok<DeleteRecordsAnswer>(await this.deleteRecords(request));
  }

  /** Everything from a cursor on, in as many reads as it takes; none may stand still without being caught up. */
  async readAll(request: Fields = {}): Promise<DiffAnswer["records"]> {
    const records: DiffAnswer["records"][number][] = [];
    for (let from = Number(request["from_seq"] ?? 0); ;) {
      const answer = await this.read({ ...request, from_seq: from });
      records.push(...answer.records);
      if (answer.caught_up) return records;
      equal(answer.next_from_seq > from || answer.tombstone !== null, true, "a read that is not caught up moves on");
      from = answer.next_from_seq;
    }
  }

  /**
   * Everything, once there is so much of it. Copies of routers are read as soon as they may be seen: behind a long
   * backlog, or a sync that takes its time, a read answers what is there (3.2). Bounded by requests, never by waiting.
   */
  async readOnceThere(count: number, request: Fields = {}): Promise<DiffAnswer["records"]> {
    for (let round = 1; ; round++) {
      const records = await this.readAll(request);
      if (records.length >= count || round === 200) return records;
    }
  }

  /** The state once time has taken every record of a topic with a `ttl_ms` of 1; bounded by requests, never by waiting. */
  async expired(): Promise<StateAnswer> {
    for (let round = 0; round < 2000; round++) {
      const state = await this.state();
      if (state.count === 0) return state;
    }
    return fail(`records of ${this.name} did not expire within 2000 requests`);
  }

  /** Nothing was written and nothing assigned. */
  async untouched(headSeq = 0): Promise<void> {
    const { head_seq, next_seq } = await this.state();
    equal({ head_seq, next_seq }, { head_seq: headSeq, next_seq: headSeq + 1 }, `state of ${this.name}`);
  }
}

/** The seqs of records, for comparison. */
export function seqsOf(answer: { readonly records: readonly { readonly $seq: number }[] }): number[] {
  return answer.records.map((record) => record.$seq);
}
