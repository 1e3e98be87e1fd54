/** Bodies of everything but writes (spec 2.1, 2.9, 9.3): one limit for all, and what is unknown is ignored at any size. */
import assert from "node:assert/strict";
import { maxControlBytes } from "../base/limits.ts";
import { Harness, at, textAt } from "./testing/harness.ts";

describe("control bodies", () => {
  let http: Harness;
  before(async () => {
    http = await Harness.start();
    await http.post("/v0/topics/a", { records: [{ data: 1 }] });
  });
  after(() => http.stop());

  const calls: readonly [string, string, string, string][] = [
    ["PUT", "/v0/topics/a", '"ttl_ms":1', "durability"],
    ["PATCH", "/v0/topics/a", '"ttl_ms":2', "dead_letter"],
    ["POST", "/v0/topics/a/diff", '"from_seq":0', "node"],
    ["POST", "/v0/topics/a/delete", '"before_seq":1', "match"],
  ];
  for (const [method, target, known, field] of calls) {
    it(`of ${method} ${target} may be as large as any, with a great many fields or a huge one that nobody knows`, async () => {
      const many = Array.from({ length: 200_000 }, (_, n) => `"k${n}":[${n}]`).join();
      for (const unknown of [many, `"x":${JSON.stringify(["y".repeat(3_000_000)])}`]) {
        const answer = await http.request(method, target, { body: `{${unknown},${known}}` });
        assert.equal(answer.status, 200, answer.text);
      }
    });

    it(`of ${method} ${target} are refused for a field that is absurdly large, which is named`, async () => {
      const body = JSON.stringify({ [field]: "x".repeat(maxControlBytes) });
      const answer = await http.request(method, target, { body });
      assert.equal(answer.status, 400);
      assert.equal(at(answer.json, "error.detail.field"), field);
      assert.match(
        textAt(answer.json, "error.message"),
        new RegExp(`^${field} is longer than ${maxControlBytes} bytes`),
      );
    });
  }

  it("are scanned to the end: what is wrong behind all of it is wrong", async () => {
    const unknown = `"x":"${"y".repeat(3_000_000)}"`;
    for (const end of ["", "}}", ',"from_seq":"0"}', ',"x":1}', ',"from_seq":1,}']) {
      const answer = await http.request("POST", "/v0/topics/a/diff", { body: `{${unknown}${end}` });
      assert.equal(answer.status, 400, end);
    }
  });
});
