import assert from "node:assert/strict";
import fc from "fast-check";
import { rawObjects } from "./raw-json.ts";

const spaces = fc.stringMatching(/^[ \t\r\n]{0,2}$/);

describe("members of objects as they were written", () => {
  it("are what no serialiser would write, byte for byte", () => {
    const text = '{"a" : [1.0, -0,1E400,"\\u0041"] ,"b":{ "c\\"}":"\\\\"},"d":null} , {} ,{"a":"x"}';
    assert.deepEqual(
      [...rawObjects(text)].map((members) => Object.fromEntries(members)),
      [{ a: '[1.0, -0,1E400,"\\u0041"]', b: '{ "c\\"}":"\\\\"}', d: "null" }, {}, { a: '"x"' }],
    );
  });

  it("are the parts of any text made of them", () => {
    const member = fc.tuple(fc.string(), spaces, fc.json({ depthSize: "small" }), spaces);
    fc.assert(
      fc.property(fc.array(fc.uniqueArray(member, { selector: ([key]) => key })), (objects) => {
        const texts = objects.map((members) => {
          const written = members.map(
            ([key, before, value, behind]) => `${JSON.stringify(key)}${before}:${value}${behind}`,
          );
          return `{${written.join(",")}}`;
        });
        const wanted = objects.map((members) => members.map(([key, , value]) => [key, value.trim()]));
        assert.deepEqual(
          [...rawObjects(texts.join(","))].map((members) => [...members]),
          wanted,
        );
      }),
    );
  });
});
