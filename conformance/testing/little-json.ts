/**
 * A small strict JSON reader for the little server: keeps the spelling of every value without its white space, refuses
 * what RFC 8259 refuses, and bounds nesting. Written for clarity; speed does not matter here.
 */

export interface JsonNode {
  readonly kind: "object" | "array" | "string" | "number" | "literal";
  /** The value as it was spelled, white space outside strings left out. */
  readonly raw: string;
  /** As `JSON.parse` has it; for objects and arrays see `members` and `items`. */
  readonly value: unknown;
  readonly members: readonly (readonly [string, JsonNode])[];
  readonly items: readonly JsonNode[];
}

const maxDepth = 128;
const space = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const string = /"(?:[ !#-[\]-\u{10ffff}]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const literal = /true|false|null/y;

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): JsonNode {
    const node = this.#value(0);
    this.#take(space);
    if (this.#at !== this.#text.length) throw new SyntaxError(`junk at ${this.#at}`);
    return node;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #char(wanted: string): boolean {
    this.#take(space);
    if (this.#text[this.#at] !== wanted) return false;
    this.#at++;
    return true;
  }

  #value(depth: number): JsonNode {
    if (this.#char("{")) return this.#object(depth + 1);
    if (this.#char("[")) return this.#array(depth + 1);
    for (const [kind, pattern] of [
      ["string", string],
      ["number", number],
      ["literal", literal],
    ] as const) {
      const raw = this.#take(pattern);
      if (raw !== undefined) return { kind, raw, value: JSON.parse(raw) as unknown, members: [], items: [] };
    }
    throw new SyntaxError(`no value at ${this.#at}`);
  }

  #object(depth: number): JsonNode {
    const members: [string, JsonNode][] = [];
    const raws: string[] = [];
    this.#sequence(depth, "}", () => {
      this.#take(space);
      const key = this.#take(string);
      if (key === undefined || !this.#char(":")) throw new SyntaxError(`no member at ${this.#at}`);
      const node = this.#value(depth);
      members.push([JSON.parse(key) as string, node]);
      raws.push(`${key}:${node.raw}`);
    });
    return { kind: "object", raw: `{${raws.join(",")}}`, value: {}, members, items: [] };
  }

  #array(depth: number): JsonNode {
    const items: JsonNode[] = [];
    this.#sequence(depth, "]", () => items.push(this.#value(depth)));
    return { kind: "array", raw: `[${items.map((item) => item.raw).join(",")}]`, value: [], members: [], items };
  }

  #sequence(depth: number, close: string, element: () => void): void {
    if (depth > maxDepth) throw new SyntaxError(`more than ${maxDepth} levels`);
    if (this.#char(close)) return;
    do element();
    while (this.#char(","));
    if (!this.#char(close)) throw new SyntaxError(`no ${close} at ${this.#at}`);
  }
}

/** Throws a `SyntaxError`, or a `TypeError` for bytes that are no UTF-8. */
export function readJson(bytes: Uint8Array): JsonNode {
  return new Reader(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)).whole();
}
