import assert from "node:assert/strict";
import fc from "fast-check";
import { type ControlValue, NotAnInteger, parseControl } from "./control-json.ts";
import { TopicsError } from "./errors.ts";
import { jsonText, mutated } from "./testing/json-text.ts";
import { referenceControl } from "./testing/reference-slice.ts";

const maxDepth = 4;

/** As `JSON.parse` would have it. */
function lenient(value: ControlValue): unknown {
  if (value instanceof NotAnInteger) return Number(value.text);
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(lenient);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([key, member]) => [key, lenient(member)] as const);
  return Object.fromEntries(members);
}

function agrees(bytes: Uint8Array): boolean {
  const accepted = referenceControl(bytes, maxDepth);
  try {
    const value = lenient(parseControl(bytes, { maxDepth }));
    assert.ok(accepted, "was accepted");
    assert.deepEqual(value, JSON.parse(new TextDecoder().decode(bytes)));
  } catch (error) {
    if (!(error instanceof TopicsError)) throw error;
    assert.equal(error.code, "invalid_request");
    assert.ok(!accepted, error.message);
  }
  return accepted;
}

describe("control parser, properties", () => {
  it("accepts what JSON.parse and the rules accept, and means the same", () => {
    let accepted = 0;
    fc.assert(
      fc.property(jsonText, (text) => {
        if (agrees(new TextEncoder().encode(text))) accepted++;
      }),
      { numRuns: 4000 },
    );
    assert.ok(accepted > 1000, `only ${accepted} texts were valid`);
  });

  it("tells valid from invalid after any change of bytes", () => {
    fc.assert(
      fc.property(mutated(jsonText), (bytes) => {
        agrees(bytes);
      }),
      { numRuns: 6000 },
    );
  });
});
