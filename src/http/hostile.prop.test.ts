/** Damaged requests (spec 9.3, 9.4.10): whatever comes, the server answers or hangs up, and is there for the next one. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Harness, requestBytes } from "./testing/harness.ts";

const requests = [
  requestBytes("POST", "/v0/topics/a", { body: '{"records":[{"data":{"x":[1,2]},"tag":"t"}],"config":{"ttl_ms":1}}' }),
  requestBytes("POST", "/v0/topics/a/diff", { body: '{"from_seq":0,"node":["n"],"match":["tag","Eq","t"]}' }),
  requestBytes("POST", "/v0/topics/a/delete", { body: '{"before_seq":2,"match":"t*"}' }),
  requestBytes("PUT", "/v0/topics/a", { body: '{"type":"log","priority":5,"dead_letter":"b"}' }),
  requestBytes("GET", "/v0/topics?prefix=a&page_size=3&touch=1&cursor=YQ"),
  requestBytes("GET", "/v0/topics/a/diff?from_seq=1&limit=2&include_tags=1&match=x*"),
];

describe("the server under damaged requests", () => {
  let http: Harness;
  before(async () => {
    http = await Harness.start();
  });
  after(() => http.stop());

  const damage = fc.array(fc.record({ at: fc.nat(400), drop: fc.nat(3), put: fc.uint8Array({ maxLength: 3 }) }), {
    minLength: 1,
    maxLength: 3,
  });

  it("never fails and never hangs", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...requests), damage, async (request, wounds) => {
        let bytes = request;
        for (const { at, drop, put } of wounds) {
          const place = at % bytes.length;
          bytes = Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + drop)]);
        }
        const client = await http.connect();
        client.send(bytes);
        client.finish();
        const received = (await client.ended()).toString("latin1");
        assert.doesNotMatch(received, /^HTTP\/1\.1 500/m);
        assert.deepEqual(http.failures, []);
      }),
      { numRuns: 300 },
    );
    assert.equal((await http.request("GET", "/v0/health")).status, 200);
  });
});
