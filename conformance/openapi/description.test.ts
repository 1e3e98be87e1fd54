/** Answers held against what a server says of itself: each kind of mistake is seen. */
import assert from "node:assert/strict";
import { makeReply } from "../transport/reply.ts";
import { Description } from "./description.ts";
import { SchemaJudge } from "./schema.ts";

const document = {
  paths: {
    "/v0/things/{thing}": {
      get: {
        responses: {
          200: { content: { "application/json": { schema: { $ref: "#/components/schemas/Thing" } } } },
          404: {},
        },
      },
    },
  },
  components: {
    schemas: {
      Thing: {
        type: "object",
        properties: {
          name: { type: "string", description: "its name" },
          kind: { enum: ["a", "b"] },
          size: { anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }] },
          parts: { type: "array", items: { type: "number", maximum: 9 }, minItems: 1 },
          by: { type: "object", additionalProperties: { const: true } },
          pair: { type: "array", prefixItems: [{ type: "string" }], items: false },
        },
        required: ["name"],
      },
    },
  },
};

function checked(status: number, body: unknown, method = "GET", path = "/v0/things/x?y=1"): void {
  const headers = { "content-type": "application/json; charset=utf-8" };
  new Description(document).check(method, path, makeReply("", status, headers, Buffer.from(JSON.stringify(body))));
}

describe("answers and the server's own description", () => {
  it("agree", () => {
    checked(200, { name: "x", kind: "a", size: null, parts: [1, 2.5], by: { z: true }, pair: ["p"], more: 1 });
    checked(200, { name: "x", size: 3 }, "HEAD");
    checked(404, "whatever");
    checked(405, {}, "PUT");
    checked(404, {}, "GET", "/v0/nothing");
  });

  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [[], /body is \[\], not of type object/],
    [{}, /body lacks name/],
    [{ name: 1 }, /body\.name is 1, not of type string/],
    [{ name: "x", kind: "c" }, /body\.kind is 'c', none of/],
    [{ name: "x", size: 0 }, /body\.size is 0, below 1; or body\.size is 0, not of type null/],
    [{ name: "x", size: 1.5 }, /not of type integer/],
    [{ name: "x", parts: [] }, /body\.parts has 0 items/],
    [{ name: "x", parts: [1, 10] }, /body\.parts\[1\] is 10, above 9/],
    [{ name: "x", by: { z: false } }, /body\.by\.z is false, not true/],
    [{ name: "x", pair: ["p", "q"] }, /body\.pair\[1\] should not be there/],
  ];
  for (const [body, expected] of wrong)
    it(`do not: ${expected.source}`, () => {
      assert.throws(() => checked(200, body), expected);
    });

  it("do not where a status or a path is not described", () => {
    assert.throws(() => checked(201, {}), /is not described as answering 201/);
    assert.throws(() => checked(200, {}, "GET", "/v0/nothing"), /is described nowhere, and answered 200/);
    assert.throws(() => checked(200, {}, "PUT"), /is described nowhere/);
  });

  it("are not judged by keywords that nobody checks", () => {
    assert.throws(() => new SchemaJudge({}).fault({ uniqueItems: true }, [], "body"), /"uniqueItems"/);
    assert.throws(() => new SchemaJudge({}).resolve("#/components/schemas/None"), /is not in the description/);
  });
});
