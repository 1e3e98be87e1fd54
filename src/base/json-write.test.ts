import assert from "node:assert/strict";
import { digitCount, jsonString, jsonStringBytes, maxIntegerBytes } from "./json-write.ts";
import { writeAscii, writeBytes, writeInteger } from "./json-write.ts";

describe("json-write", () => {
  it("writes integers up to 2^53 - 1", () => {
    const into = new Uint8Array(maxIntegerBytes + 2);
    const values = [0, 1, 9, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 1_763_800_000_000, 123_000_000_456];
    for (let power = 1; power < 2 ** 53; power *= 10) values.push(power - 1, power, power + 1);
    for (const value of values) {
      const end = writeInteger(into, 1, value);
      assert.equal(new TextDecoder().decode(into.subarray(1, end)), String(value));
      assert.equal(digitCount(value), end - 1);
      assert.ok(end - 1 <= maxIntegerBytes);
    }
  });

  it("writes ASCII and runs of bytes at an offset", () => {
    const into = new Uint8Array(400);
    const from = Uint8Array.from({ length: 300 }, (_, n) => n);
    assert.equal(writeAscii(into, 2, "ab"), 4);
    assert.deepEqual([...into.subarray(0, 5)], [0, 0, 0x61, 0x62, 0]);
    for (const length of [0, 1, 96, 97, 290]) {
      assert.equal(writeBytes(into, 3, from, 5, 5 + length), 3 + length);
      assert.deepEqual(into.subarray(3, 3 + length), from.subarray(5, 5 + length));
    }
  });

  it("escapes what a JSON string may not hold", () => {
    for (const text of ["", 'a"\\/', "\0\n\r\t\u001f", "é😀\u2028", "\ud800"]) {
      assert.equal(JSON.parse(jsonString(text)), text);
      assert.equal(JSON.parse(new TextDecoder().decode(jsonStringBytes(text))), text);
    }
    assert.equal(jsonString("\n\0"), '"\\n\\u0000"');
  });
});
