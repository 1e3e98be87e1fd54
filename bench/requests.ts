/**
 * The requests of a load, as whole HTTP/1.1 messages made before the clock starts. Bodies vary: the same one over and
 * over flatters every cache on the way.
 */

/** How many different messages a load has; enough to fall out of the first cache levels. */
const variety = 256;

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

/** Numbers that are the same in every run, and look random. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2654435761) >>> 0 || 1;
  }

  /** From 0 up to, not including, `bound`. */
  below(bound: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state % bound;
  }

  text(length: number): string {
    let text = "";
    for (let i = 0; i < length; i++) text += letters[this.below(letters.length)];
    return text;
  }
}

/** A JSON object of exactly `bytes` bytes, as small events look: a number and a text. */
export function payload(dice: Dice, bytes: number): string {
  const head = `{"n":${dice.below(100_000)},"s":"`;
  return `${head}${dice.text(Math.max(0, bytes - head.length - 2))}"}`;
}

export interface BatchShape {
  readonly records: number;
  readonly payloadBytes: number;
  /** Every other record carries this node, for reads that filter it out. */
  readonly node?: string;
}

export function batchBody(dice: Dice, { records, payloadBytes, node }: BatchShape): string {
  const list = Array.from({ length: records }, (_, i) => {
    const origin = node !== undefined && i % 2 === 1 ? `"node":"${node}",` : "";
    return `{${origin}"data":${payload(dice, payloadBytes)}}`;
  });
  return `{"records":[${list.join(",")}]}`;
}

export function post(host: string, path: string, body: string): Buffer {
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** Messages that append batches of one shape, each with contents of its own. */
export function appendMessages(host: string, topic: string, shape: BatchShape, seed: number): Buffer[] {
  const dice = new Dice(seed);
  const path = `/v0/topics/${topic}`;
  return Array.from({ length: variety }, () => post(host, path, batchBody(dice, shape)));
}

/** Messages that read `limit` records each, from everywhere in a topic of `records` records. */
export function diffMessages(host: string, topic: string, records: number, limit: number): Buffer[] {
  const path = `/v0/topics/${topic}/diff`;
  const pages = Math.floor(records / limit);
  return Array.from({ length: pages }, (_, page) => post(host, path, `{"from_seq":${page * limit},"limit":${limit}}`));
}
