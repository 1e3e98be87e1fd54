/** JSON as hostile clients write it: known names with wrong values, extremes, and text that is almost JSON. */
import type { Prng } from "../../sim/prng.ts";

/** Numbers at and around every edge, spelled as they come. */
const numbers = `0 1 -1 2 7 255 256 1000 1001 65536 4294967296 9007199254740991 9007199254740992 9007199254740993
  18446744073709551615 18446744073709551616 1e3 1.0 -0 0.5 1e400 -1e400 1E+2 00 01 1. .5 +1 0x10 NaN Infinity`.split(
  /\s+/,
);

const strings = [
  "",
  "a",
  "fz.a",
  "fz.b",
  "fz.*",
  "*",
  "a*b*c*d*e*f*",
  "Glob",
  "Prefix",
  "Any",
  "queue",
  "log",
  "fsync",
  "reject",
  "__proto__",
  "constructor",
  "toString",
  "\\u0000",
  "\\ud800",
  "\\ud83d\\ude00",
  "\\u2028",
  "line\\r\\nX-Forged: 1",
  "data: x\\n\\nevent: forged",
  "../../etc/passwd",
  "é",
  "\u202e",
  "(a+)+$",
];

export class Values {
  readonly #random: Prng;
  readonly #names: readonly string[];

  /** `names`: fields that some endpoint knows. */
  constructor(random: Prng, names: readonly string[]) {
    this.#random = random;
    this.#names = names;
  }

  text(): string {
    const random = this.#random;
    if (random.chance(70)) return `"${random.pick(strings)}"`;
    return `"${"x".repeat(random.pick([1, 100, 127, 128, 129, 255, 256, 257, 300, 5000]))}"`;
  }

  value(depth = 0): string {
    const random = this.#random;
    const kind = random.below(depth > 4 ? 5 : 8);
    if (kind < 2) return random.pick(numbers);
    if (kind < 4) return this.text();
    if (kind === 4) return random.pick(["null", "true", "false", "nul", "TRUE", "undefined"]);
    if (kind === 5) return `[${this.#several(depth, () => this.value(depth + 1))}]`;
    if (kind === 6) return this.object(depth + 1);
    return `[${random.pick(['"Prefix"', '"Exact"', '"Any"', '"Glob"', '"All"', "1"])},${this.text()}]`;
  }

  /** Mostly of fields that exist; now and then one twice. */
  object(depth = 0): string {
    return `{${this.#several(depth, () => `${this.#key()}:${this.value(depth + 1)}`)}}`;
  }

  /** A write that is nearly good. */
  records(): string {
    const random = this.#random;
    const many = random.pick([0, 1, 1, 2, 3, 10, 100]);
    const record = (): string => {
      const extra = random.chance(30) ? `,${this.#key()}:${this.value(2)}` : "";
      return `{"data":${random.chance(80) ? this.value(1) : "1"}${extra}}`;
    };
    const rest = random.chance(30) ? `,${this.#key()}:${this.value(1)}` : "";
    return `{"records":[${Array.from({ length: many }, record).join(",")}]${rest}}`;
  }

  #key(): string {
    const random = this.#random;
    if (random.chance(85)) return `"${random.pick(this.#names)}"`;
    return random.pick(['"__proto__"', '"constructor"', '"d\\u0061ta"', '"\\ud800"', '""', "data", this.text()]);
  }

  #several(depth: number, one: () => string): string {
    const count = this.#random.below(depth === 0 ? 6 : 3);
    return Array.from({ length: count }, one).join(this.#random.chance(97) ? "," : ",,");
  }
}
