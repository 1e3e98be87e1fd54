/** Requests that are well framed, and hostile in everything else: targets, queries, headers, bodies. */
import { gzipSync } from "node:zlib";
import type { Prng } from "../../sim/prng.ts";
import type { Catalogue } from "./catalogue.ts";
import { Values } from "./values.ts";

export const keys = { all: "fuzz-key-of-all-scopes", part: "fuzz-key-of-a-part" } as const;

export interface Request {
  readonly bytes: Buffer;
  readonly method: string;
  /** The answer may keep the client waiting, or never end. */
  readonly patient: boolean;
}

const names = [
  "fz.a",
  "fz.b",
  "fz.c",
  "fz.d",
  "x",
  "out.a",
  "r>1",
  "-a",
  "a%2fb",
  "%66z.a",
  "%00",
  "%",
  "%zz",
  "a b",
  "..",
];
const queryValues = ["", "0", "1", "true", "false", "-1", "1e3", "x", "99999999999999999999", "fz.", "%ff", "a+b", "*"];
const types = ["application/json", "application/json; charset=utf-8", "text/plain", "", "application/jsonx"];

export class Requests {
  readonly #random: Prng;
  readonly #catalogue: Catalogue;
  readonly #values: Values;

  constructor(random: Prng, catalogue: Catalogue) {
    this.#random = random;
    this.#catalogue = catalogue;
    this.#values = new Values(random, catalogue.fields);
  }

  next(): Request {
    const random = this.#random;
    const endpoint = random.pick(this.#catalogue.endpoints);
    const method = random.chance(90)
      ? endpoint.method
      : random.pick(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"]);
    const target = this.#target(endpoint.path, endpoint.parameters);
    const body = this.#body(method, endpoint.path);
    const patient = /wait|watch|work|\/ws/.test(target) || body.includes("wait");
    return { bytes: this.#framed(method, target, body), method, patient };
  }

  #target(path: string, parameters: readonly string[]): string {
    const random = this.#random;
    const named = path.replace(/\{\w+\}/g, () => random.pick(names.slice(0, random.chance(85) ? 5 : names.length)));
    const odd = random.chance(4)
      ? random.pick([`${named}/`, `//${named}`, named.toUpperCase(), `http://x${named}`, `${named}#f`])
      : named;
    if (parameters.length === 0 || random.chance(40)) return odd.replaceAll(" ", "%20");
    const pairs = Array.from({ length: random.between(1, 3) }, () => {
      return `${random.pick(parameters)}=${random.pick(queryValues)}`;
    });
    return `${odd}?${pairs.join("&")}`.replaceAll(" ", "%20");
  }

  #body(method: string, path: string): string {
    const random = this.#random;
    if (method === "GET" || method === "HEAD") return random.chance(95) ? "" : "{}";
    const text = path === "/v0/topics/{topic}" && method === "POST" ? this.#values.records() : this.#values.object();
    const damage = random.below(30);
    if (damage === 0) return text.slice(0, random.below(text.length + 1));
    if (damage === 1) return `${text}${random.pick([" ", "x", "{}", "\0", "\ufeff"])}`;
    if (damage === 2) return `\ufeff${text}`;
    if (damage === 3) return "[".repeat(random.pick([10, 130, 5000]));
    if (damage === 4) return "";
    return text;
  }

  #framed(method: string, target: string, text: string): Buffer {
    const random = this.#random;
    let body = Buffer.from(text, "utf8");
    if (random.chance(3) && body.length > 0) body[random.below(body.length)] = random.below(256);
    const headers: string[] = ["host: localhost"];
    const key = random.chance(90) ? keys.all : random.pick([keys.part, "wrong", ""]);
    if (key !== "") headers.push(`authorization: Bearer ${key}`);
    if (random.chance(5))
      headers.push(`accept: ${random.pick(["*/*", "text/event-stream", "application/json", "image/png", ";;"])}`);
    if (random.chance(10)) headers.push(`accept-encoding: ${random.pick(["gzip", "gzip;q=0", "br", "*"])}`);
    if (random.chance(5)) headers.push(`idempotency-key: ${random.pick(["k", "k2", "", "é", "x".repeat(300)])}`);
    if (random.chance(5)) headers.push(`last-event-id: ${random.pick(["0", "x", "1:2:3", "%%%", "9".repeat(500)])}`);
    if (random.chance(2)) headers.push(`expect: ${random.pick(["100-continue", "more"])}`);
    if (random.chance(2)) headers.push(`origin: ${random.pick(["null", "http://localhost", "https://evil.example"])}`);
    if (body.length > 0) {
      headers.push(`content-type: ${random.chance(95) ? types[0] : random.pick(types)}`);
      if (random.chance(5)) {
        const coding = random.pick(["gzip", "gzip", "gzip", "br", "gzip, gzip", "identity"]);
        headers.push(`content-encoding: ${coding}`);
        if (random.chance(80)) body = gzipSync(body);
        if (random.chance(10)) body = Buffer.concat([body, random.chance(50) ? gzipSync("{}") : Buffer.from("junk")]);
      }
    }
    const chunked = body.length > 0 && random.chance(10);
    if (chunked) headers.push("transfer-encoding: chunked");
    else if (body.length > 0 || method !== "GET") headers.push(`content-length: ${body.length}`);
    const head = Buffer.from(`${method} ${target} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`, "latin1");
    return Buffer.concat([head, chunked ? inChunks(random, body) : body]);
  }
}

function inChunks(random: Prng, body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const size = Math.min(random.between(1, 1000), body.length - at);
    parts.push(Buffer.from(`${size.toString(16)}\r\n`), body.subarray(at, at + size), Buffer.from("\r\n"));
    at += size;
  }
  return Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]);
}
