/** Control bodies in steps (spec 2.1, 9.3): what the parser would say of the known fields, and no more of the rest. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type ControlObject, parseControlObject } from "./control-json.ts";
import { ControlScan } from "./control-scan.ts";
import { TopicsError } from "./errors.ts";
import { maxControlBytes } from "./limits.ts";
import { jsonText, mutated, objectText, stringText } from "./testing/json-text.ts";
import { fieldNames } from "./write-fields.ts";

const names = fieldNames(["a", "b", "node"]);
const maxDepth = 6;

function scanned(bytes: Uint8Array, budgets: () => number): ControlObject {
  const scan = new ControlScan(bytes, names, maxDepth);
  while (!scan.step(budgets()));
  return scan.result();
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const parse = (text: string): ControlObject => scanned(encode(text), () => Infinity);

function refused(text: string, field?: string): void {
  assert.throws(
    () => parse(text),
    (error: unknown) => {
      assert.ok(error instanceof TopicsError);
      assert.equal(error.code, "invalid_request");
      if (field !== undefined) assert.equal(error.detail?.["field"], field);
      return true;
    },
    text.slice(0, 80),
  );
}

type Outcome = { readonly value: ControlObject } | { readonly message: string };

function outcome(run: () => ControlObject): Outcome {
  try {
    return { value: run() };
  } catch (error) {
    if (!(error instanceof TopicsError)) throw error;
    return { message: error.message };
  }
}

describe("control scan", () => {
  it("keeps known fields and skips the rest", () => {
    assert.deepEqual(
      { ...parse(' { "a" : 1 , "x":{"y":[1e400]}, "\\u0062":[true, "t"],"node":null } ') },
      {
        a: 1,
        b: [true, "t"],
        node: null,
      },
    );
    assert.deepEqual(Object.keys(parse('{"__proto__":{"a":1},"constructor":1,"c":2}')), []);
    assert.deepEqual(Object.keys(parse("{}")), []);
  });

  it("refuses what is no object, and what is not JSON wherever it stands", () => {
    for (const text of ["[]", '"a"', "1", "null"]) refused(text, "body");
    for (const text of [
      "",
      " ",
      "{",
      '{"a"',
      '{"a":',
      '{"a":1',
      '{"a":1,',
      '{"a":1,}',
      "{,}",
      '{"a" 1}',
      '{"a":1 "b":1}',
    ])
      refused(text);
    for (const text of [
      "{}x",
      "{}{}",
      "{'a':1}",
      "{a:1}",
      '{"a":01}',
      '{"x":nul}',
      '{"x":"\n"}',
      "\ufeff{}",
      "{\u00a0}",
    ])
      refused(text);
  });

  it("refuses a field that is there twice, and names it", () => {
    refused('{"a":1,"a":1}', "a");
    refused('{"a":1,"\\u0061":1}', "a");
    refused('{"x":1,"x":1}', "x");
    refused('{"a":{"y":1,"y":1}}', "a.y");
    parse('{"x":{"y":1,"y":1}}');
  });

  it("counts levels from the outermost bracket, in known fields and others", () => {
    const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
    for (const key of ["a", "x"]) {
      parse(`{"${key}":${nested(maxDepth - 1)}}`);
      refused(`{"${key}":${nested(maxDepth)}}`);
    }
  });

  it("bounds a known field, by name, and nothing else", () => {
    const long = (bytes: number): string => `"${"x".repeat(bytes - 2)}"`;
    assert.equal((parse(`{"a":${long(maxControlBytes)}}`)["a"] as string).length, maxControlBytes - 2);
    refused(`{"a":${long(maxControlBytes + 1)}}`, "a");
    parse(`{"x":${long(4 * maxControlBytes)},"${"k".repeat(100_000)}":1}`);
    const many = Array.from({ length: 100_000 }, (_, n) => `"k${n}":${n}`).join();
    assert.deepEqual(Object.keys(parse(`{${many},"a":1}`)), ["a"]);
  });

  it("ends a step behind a field that took long to parse", () => {
    const field = JSON.stringify("x".repeat(100_000));
    const scan = new ControlScan(encode(`{"a":${field},"b":${field},"node":${field}}`), names, maxDepth);
    let steps = 1;
    while (!scan.step(Infinity)) steps++;
    assert.equal(steps, 4);
    assert.equal(Object.keys(scan.result()).length, 3);
  });

  const key = fc.oneof(fc.constantFrom('"a"', '"b"', '"\\u0061"', '"x"'), stringText);
  const body = objectText(fc.tuple(key, jsonText), 4);

  it("agrees with the parser on known fields, and never knows better", () => {
    let accepted = 0;
    fc.assert(
      fc.property(body, (text) => {
        const whole = outcome(() => parseControlObject(encode(text), { maxDepth }));
        const known = outcome(() => parse(text));
        if ("value" in whole) {
          const expected = Object.entries(whole.value).filter(([name]) => names.texts.includes(name));
          assert.ok("value" in known, "is accepted too");
          assert.deepEqual(Object.entries(known.value), expected);
          accepted++;
        } else if ("value" in known) JSON.parse(text);
      }),
      { numRuns: 3000 },
    );
    assert.ok(accepted > 500, `only ${accepted} bodies were valid`);
  });

  it("says the same in steps of any length", () => {
    fc.assert(
      fc.property(mutated(body), fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (bytes, steps) => {
        const inSteps = outcome(() => scanned(bytes, () => Number(steps.next().value)));
        assert.deepEqual(
          inSteps,
          outcome(() => scanned(bytes, () => Infinity)),
        );
      }),
      { numRuns: 3000 },
    );
  });
});
