/**
 * What one connection does: good requests, several at once, bytes that came to harm, framing that means two things, large
 * bodies, other protocols, and clients that go in the middle of anything.
 */
import { gzipSync } from "node:zlib";
import type { Prng } from "../../sim/prng.ts";
import { keys, type Requests } from "./requests.ts";

export interface Play {
  readonly name: string;
  /** Written one after the other. */
  readonly pieces: readonly Buffer[];
  /** Of the requests in it, where they can be told apart. */
  readonly methods: readonly string[];
  /** Each of them has to be answered; otherwise anything may come of it. */
  readonly answered?: true;
  /** The client hangs up when nothing has come for a while. */
  readonly patient: boolean;
  /** The client goes as soon as it has sent everything, with or without a word. */
  readonly leaves?: "politely" | "abruptly";
}

const mib = 1 << 20;

export class Plays {
  readonly #random: Prng;
  readonly #requests: Requests;
  readonly #largeBytes: number;

  constructor(random: Prng, requests: Requests, largeBytes = 64 * mib) {
    this.#random = random;
    this.#requests = requests;
    this.#largeBytes = largeBytes;
  }

  next(): Play {
    const draw = this.#random.below(1000);
    if (draw < 600) return this.#one();
    if (draw < 750) return this.#pipelined();
    if (draw < 850) return this.#damaged();
    if (draw < 920) return this.#framing();
    if (draw < 970) return this.#leaving();
    if (draw < 996) return this.#otherProtocol();
    return this.#large();
  }

  #one(): Play {
    const { bytes, method, patient } = this.#requests.next();
    const slowly = this.#random.chance(5);
    const pieces = slowly ? this.#cut(bytes) : [bytes];
    return { name: slowly ? "in pieces" : "one", pieces, methods: [method], patient, answered: true };
  }

  #pipelined(): Play {
    const requests = Array.from({ length: this.#random.between(2, 20) }, () => this.#requests.next());
    // What stands behind a stream is never answered, and what ends its connection is the last.
    return {
      name: "pipelined",
      pieces: [Buffer.concat(requests.map(({ bytes }) => bytes))],
      methods: requests.map(({ method }) => method),
      patient: true,
    };
  }

  #damaged(): Play {
    const random = this.#random;
    const bytes = Buffer.from(this.#requests.next().bytes);
    for (let times = random.between(1, 4); times > 0; times--) bytes[random.below(bytes.length)] = random.below(256);
    const at = random.below(bytes.length);
    const insert = Buffer.from(random.pick(["\r\n", "\n", "\0", " ", ":", "\r\n\r\n", "é", "\r\n x: y"]), "latin1");
    const pieces = random.chance(50) ? [bytes] : [bytes.subarray(0, at), insert, bytes.subarray(at)];
    return { name: "damaged", pieces: [Buffer.concat(pieces)], methods: [], patient: true };
  }

  #framing(): Play {
    const random = this.#random;
    const body = '{"records":[{"data":"framing"}]}';
    const lines = random.shuffle([
      ...random.pick([
        [`content-length: ${body.length}`, "transfer-encoding: chunked"],
        [`content-length: ${body.length}`, `content-length: ${body.length + random.between(-3, 3)}`],
        [`content-length: ${random.pick(["-1", "+5", "0x20", "9".repeat(30), "", " 5 5", "5,5"])}`],
        ["transfer-encoding: chunked, chunked"],
        ["transfer-encoding: gzip, chunked"],
        ["transfer-encoding: xchunked"],
        ["transfer-encoding : chunked"],
        [`content-length: ${body.length}`, "host: other"],
        [`content-length: ${body.length}`, `authorization: Bearer ${keys.part}`],
        [`content-length: ${body.length}`, `x: ${"y".repeat(random.pick([100, 20_000, 70_000]))}`],
        [`content-length: ${body.length}`, ...Array.from({ length: random.pick([10, 3000]) }, (_, i) => `h${i}: v`)],
      ]),
      "host: localhost",
      `authorization: Bearer ${keys.all}`,
      "content-type: application/json",
    ]);
    const head = `POST /v0/topics/fz.a HTTP/${random.pick(["1.1", "1.1", "1.0", "1.2", "2.0", "0.9"])}\r\n${lines.join("\r\n")}\r\n\r\n`;
    const size = random.pick([body.length.toString(16), "zz", "-1", "ffffffffffffffff", "20;ext", "20 ", "0x20"]);
    const chunks = `${size}\r\n${body}${random.pick(["\r\n", "\n", "", "x\r\n"])}0\r\n${random.pick(["\r\n", "t: 1\r\n\r\n", ""])}`;
    return {
      name: "framing",
      pieces: [Buffer.from(head + (random.chance(50) ? chunks : body))],
      methods: [],
      patient: true,
    };
  }

  #leaving(): Play {
    const random = this.#random;
    const { bytes } = this.#requests.next();
    const upTo = random.chance(50) ? bytes.length : random.below(bytes.length + 1);
    const leaves = random.chance(50) ? "politely" : "abruptly";
    return { name: "leaving", pieces: this.#cut(bytes.subarray(0, upTo)), methods: [], patient: true, leaves };
  }

  #otherProtocol(): Play {
    const random = this.#random;
    const junk = Buffer.from(random.bytes(random.between(1, 500)));
    const opening = random.pick([
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
      `GET /v0/ws HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${keys.all}\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
      "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
      "",
      "CONNECT localhost:1 HTTP/1.1\r\nhost: x\r\n\r\n",
    ]);
    return { name: "other protocol", pieces: [Buffer.from(opening, "latin1"), junk], methods: [], patient: true };
  }

  #large(): Play {
    const random = this.#random;
    const size = random.pick([1, 4, 16, 64]) * mib;
    const [begin, fill] = random.pick([
      ["[", "["],
      ["[{},", "{},"],
      ["1", "1"],
      ['{"records":[{"data":', "["],
      ['{"records":[{"data":', "1"],
      ['{"records":[', "{},"],
      ['{"records":[{"data":"', "x"],
      ['{"records":[{"data":"', "\\u00e9"],
      ["{", " "],
    ]);
    const body = Buffer.alloc(Math.min(size, this.#largeBytes), fill);
    body.write(begin);
    const bomb = random.chance(20);
    const sent = bomb ? gzipSync(Buffer.alloc(2 * this.#largeBytes)) : body;
    const path = random.pick(["/v0/topics/fz.a", "/v0/topics/fz.a/diff", "/v0/topics/fz.a/delete"]);
    const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${keys.all}\r\ncontent-type: application/json\r\n${bomb ? "content-encoding: gzip\r\n" : ""}content-length: ${sent.length}\r\n\r\n`;
    return { name: "large", pieces: [Buffer.from(head), sent], methods: ["POST"], patient: false, answered: true };
  }

  #cut(bytes: Buffer): Buffer[] {
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length;) {
      const size = this.#random.between(1, 60);
      pieces.push(bytes.subarray(at, at + size));
      at += size;
    }
    return pieces;
  }
}
