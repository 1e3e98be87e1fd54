/**
 * Validates one JSON value in place, however large, without parsing it (spec 1.1, 9.3). It can stop at any byte that
 * `run` is told to and go on later: all state is in the fields. Nesting is a stack with a limit, not recursion, so that
 * a run of brackets is refused as soon as it is too deep.
 */
import {
  ascii,
  type NumberState,
  numberEnd,
  scanDigits,
  scanLiteral,
  scanNumber,
  scanString,
  syntaxError,
} from "./json-bytes.ts";

/** What the scan expects at `at`. Strings and digits are the states in which it may stop halfway. */
const expect = {
  value: 0,
  valueOrEnd: 1,
  key: 2,
  keyOrEnd: 3,
  colon: 4,
  after: 5,
  inValue: 6,
  inKey: 7,
  inNumber: 8,
} as const;

export class ValueScan {
  /** Where the scan stands; after the value's last byte when `run` returned true. */
  at = 0;
  /** Whether the value holds CR or LF outside strings. */
  spaced = false;
  /** Members of the value's outermost object. */
  keys = 0;

  readonly #bytes: Uint8Array;
  readonly #maxDepth: number;
  /** 1 for each open object, 0 for each open array, from the value's outermost bracket on. */
  readonly #open: number[] = [];
  readonly #number: NumberState = { part: numberEnd };
  /** Brackets open around the value. */
  #base = 0;
  #depth = 0;
  #state: number = expect.value;

  constructor(bytes: Uint8Array, maxDepth: number) {
    this.#bytes = bytes;
    this.#maxDepth = maxDepth;
  }

  /** The value's first byte, or white space before it, is at `at`; `depth` brackets are open around it. */
  begin(at: number, depth: number): void {
    this.at = at;
    this.spaced = false;
    this.keys = 0;
    this.#base = depth;
    this.#depth = 0;
    this.#state = expect.value;
  }

  /** True when the value is complete. False when `stop` was reached first: call again with a later one. */
  run(stop: number): boolean {
    const bytes = this.#bytes;
    const open = this.#open;
    let at = this.at;
    let depth = this.#depth;
    let state = this.#state;

    while (at < stop) {
      const byte = bytes[at];
      if (byte <= ascii.space && state < expect.inValue) {
        if (byte === ascii.cr || byte === ascii.lf) this.spaced = true;
        else if (byte !== ascii.space && byte !== ascii.tab) throw syntaxError("an unexpected character", at);
        at++;
        continue;
      }

      if (state === expect.key || state === expect.keyOrEnd || state === expect.inKey) {
        if (state !== expect.inKey) {
          if (byte === ascii.quote) at++;
          else if (byte === ascii.closeBrace && state === expect.keyOrEnd) {
            at++;
            depth--;
            state = expect.after;
            if (depth === 0) break;
            continue;
          } else throw syntaxError("a key was expected", at);
          if (depth === 1) this.keys++;
        }
        at = scanString(bytes, at, stop);
        if (at < 0) {
          at = ~at;
          state = expect.inKey;
          break;
        }
        at++;
        state = expect.colon;
        if (at >= stop || bytes[at] !== ascii.colon) continue;
        at++;
        state = expect.value;
        continue;
      }

      if (state === expect.value || state === expect.valueOrEnd || state === expect.inValue) {
        if (byte === ascii.quote || state === expect.inValue) {
          at = scanString(bytes, state === expect.inValue ? at : at + 1, stop);
          if (at < 0) {
            at = ~at;
            state = expect.inValue;
            break;
          }
          at++;
        } else if (byte === ascii.openBrace || byte === ascii.openBracket) {
          if (this.#base + depth >= this.#maxDepth) throw syntaxError(`more than ${this.#maxDepth} levels`, at);
          const object = byte === ascii.openBrace;
          open[depth++] = object ? 1 : 0;
          state = object ? expect.keyOrEnd : expect.valueOrEnd;
          at++;
          continue;
        } else if (byte === ascii.minus || (byte >= ascii.zero && byte <= ascii.nine)) {
          at = scanNumber(bytes, at, stop, this.#number);
          if (this.#number.part !== numberEnd) {
            state = expect.inNumber;
            break;
          }
        } else if (byte === ascii.closeBracket && state === expect.valueOrEnd) {
          at++;
          depth--;
        } else at = scanLiteral(bytes, at);
        state = expect.after;
        if (depth === 0) break;
        continue;
      }

      if (state === expect.after) {
        const object = open[depth - 1] === 1;
        if (byte === ascii.comma) state = object ? expect.key : expect.value;
        else if (byte === (object ? ascii.closeBrace : ascii.closeBracket)) {
          depth--;
          if (depth === 0) {
            at++;
            break;
          }
        } else throw syntaxError(object ? "a comma or } was expected" : "a comma or ] was expected", at);
        at++;
      } else if (state === expect.colon) {
        if (byte !== ascii.colon) throw syntaxError("a colon was expected", at);
        at++;
        state = expect.value;
      } else {
        const part = this.#number.part;
        if (part !== numberEnd) at = scanDigits(bytes, at, stop, part, this.#number);
        if (this.#number.part !== numberEnd) break;
        state = expect.after;
        if (depth === 0) break;
      }
    }

    this.at = at;
    this.#depth = depth;
    this.#state = state;
    return depth === 0 && state === expect.after;
  }
}
