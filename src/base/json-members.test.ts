/** Members of objects are found as JSON.parse finds them, and their bytes are left as they are. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { membersOf, stringValue } from "./json-members.ts";

describe("members of an object", () => {
  it("are what JSON.parse finds, whatever is in them", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 1, 2), (object, space) => {
        const text = JSON.stringify(object, undefined, space);
        const bytes = Buffer.from(text);
        const found = membersOf(bytes).map(({ key, valueStart, end }) => [
          key,
          JSON.parse(bytes.toString("utf8", valueStart, end)) as unknown,
        ]);
        assert.deepEqual(found, Object.entries(JSON.parse(text) as Record<string, unknown>));
      }),
    );
  });

  it("are told apart by their decoded keys, and listed as often as they are there", () => {
    const bytes = Buffer.from('{"a":"\\u0041","\\u0061":1e400 , "b" : [1,{"x":"]}"}]}');
    const members = membersOf(bytes);
    assert.deepEqual(
      members.map(({ key }) => key),
      ["a", "a", "b"],
    );
    assert.equal(stringValue(bytes, members[0]), "A");
    assert.equal(stringValue(bytes, members[1]), undefined);
    assert.equal(bytes.toString("utf8", members[1].valueStart, members[1].end), "1e400");
    assert.equal(bytes.toString("utf8", members[2].start, members[2].end), '"b" : [1,{"x":"]}"}]');
    assert.deepEqual(membersOf(Buffer.from(" { } ")), []);
  });
});
