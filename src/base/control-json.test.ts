import assert from "node:assert/strict";
import { type ControlValue, NotAnInteger, isControlObject, parseControl, parseControlObject } from "./control-json.ts";
import { TopicsError } from "./errors.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const parse = (text: string, maxDepth = 128): ControlValue => parseControl(encode(text), { maxDepth });

function detailOf(text: string | Uint8Array, path?: string): Readonly<Record<string, unknown>> {
  const bytes = typeof text === "string" ? encode(text) : text;
  try {
    parseControl(bytes, path === undefined ? { maxDepth: 128 } : { maxDepth: 128, path });
  } catch (error) {
    assert.ok(error instanceof TopicsError && error.code === "invalid_request");
    assert.ok(error.message.length < 400);
    return error.detail ?? {};
  }
  assert.fail("was accepted");
}

describe("control parser", () => {
  it("gives plain values", () => {
    assert.deepEqual(parse(' [null, true ,false,"a\\u00e9\\ud83d\\ude00", 0, -7, []]\n'), [
      null,
      true,
      false,
      "aé😀",
      0,
      -7,
      [],
    ]);
    const object = parse('{"a":{"b":[1]},"c":{}}');
    assert.ok(isControlObject(object));
    assert.equal(JSON.stringify(object), '{"a":{"b":[1]},"c":{}}');
  });

  it("gives bigints where numbers are not exact", () => {
    assert.equal(parse("9007199254740991"), 9007199254740991);
    assert.equal(parse("-9007199254740991"), -9007199254740991);
    assert.equal(parse("9007199254740992"), 9007199254740992n);
    assert.equal(parse("9007199254740993"), 9007199254740993n);
    assert.equal(parse("18446744073709551615"), 18446744073709551615n);
    assert.equal(parse("-18446744073709551616"), -18446744073709551616n);
  });

  it("tells any other number apart from an integer", () => {
    for (const text of ["1.0", "1e3", "-0", "1.5", "1E+2", "-0.0", "0e0", "1e400"]) {
      const value = parse(text);
      assert.ok(value instanceof NotAnInteger);
      assert.equal(value.text, text);
    }
    const long = parse("1".repeat(1_000_000));
    assert.ok(long instanceof NotAnInteger && long.text.length <= 64);
  });

  it("takes __proto__ and constructor for keys like any other", () => {
    const object = parse('{"__proto__":{"polluted":1},"constructor":2,"toString":3}');
    assert.ok(isControlObject(object));
    assert.deepEqual(Object.keys(object), ["__proto__", "constructor", "toString"]);
    assert.equal(Object.getPrototypeOf(object), null);
    assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
    assert.deepEqual(Object.keys(parse("{}") as object), []);
  });

  it("refuses repeated keys and names them", () => {
    assert.equal(detailOf('{"a":1,"a":1}')["field"], "a");
    assert.equal(detailOf('{"a":1,"\\u0061":1}')["field"], "a");
    assert.equal(detailOf('{"__proto__":1,"__proto__":1}')["field"], "__proto__");
    assert.equal(detailOf('{"x":[{},{"y":1,"y":2}]}')["field"], "x[1].y");
    assert.equal(detailOf('{"x":{"y":1,"y":2}}', "config")["field"], "config.x.y");
    const long = "k".repeat(100_000);
    assert.ok(String(detailOf(`{"${long}":1,"${long}":1}`)["field"]).length < 300);
  });

  it("refuses lone surrogates, as escapes and as bytes, and a byte order mark", () => {
    assert.equal(detailOf('{"a":"\\ud800"}')["field"], "a");
    assert.equal(detailOf('{"a":["\\udc00x"]}')["field"], "a[0]");
    detailOf('{"\\ud800":1}');
    detailOf('"\\ud83dx"');
    detailOf(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22));
    assert.equal(detailOf("\ufeff{}")["offset"], 0);
  });

  it("counts levels", () => {
    const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
    parse(nested(128));
    parse('{"a":'.repeat(127) + "{}" + "}".repeat(127));
    assert.equal(detailOf(nested(129))["offset"], 128);
    assert.equal(detailOf("[".repeat(1_000_000))["offset"], 128);
    assert.equal(detailOf('{"a":'.repeat(1_000_000))["offset"], 5 * 128);
    assert.throws(() => parse("[[]]", 1), TopicsError);
  });

  it("refuses what is not JSON, with the place", () => {
    for (const bad of [
      "",
      " ",
      "{",
      "[",
      "[1",
      '{"a"',
      '{"a":',
      '{"a":1',
      '"',
      '"\\',
      "nul",
      "-",
      "1.",
      "1e",
      "01",
      "{,}",
    ]) {
      detailOf(bad);
    }
    for (const bad of [
      "[1,]",
      '{"a":1,}',
      "{1:1}",
      "{'a':1}",
      "[1 2]",
      "1 1",
      "{}x",
      '"\n"',
      "NaN",
      "+1",
      "\v1",
      "[}",
      "{]",
    ]) {
      detailOf(bad);
    }
    assert.equal(detailOf('{"a" 1}')["offset"], 5);
    assert.equal(detailOf("[1]x")["offset"], 3);
  });

  it("wants an object where one is due", () => {
    assert.equal(parseControlObject(encode('{"a":1}'), { maxDepth: 2 })["a"], 1);
    for (const other of ["[]", "null", "1", "1.5", '"x"', "true"]) {
      assert.throws(() => parseControlObject(encode(other), { maxDepth: 2 }), TopicsError);
    }
  });
});
