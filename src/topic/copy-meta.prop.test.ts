import assert from "node:assert/strict";
import fc from "fast-check";
import { routerMember, withRouterMember } from "./copy-meta.ts";

const member = routerMember("a->b", { id: 7, epoch: 7, name: "a" }, 3);
const own = JSON.parse(`{${member}}`) as Readonly<Record<string, unknown>>;

function changed(meta: string): string {
  const bytes = Buffer.from(`,"meta":${meta}}`);
  return withRouterMember(bytes, 8, bytes.length - 1, member).toString();
}

describe("the meta of an exactly-once copy", () => {
  it("has the server's key behind what was there", () => {
    assert.deepEqual(own["_topics_router"], {
      idempotency_key: "router:a->b:7:7:3",
      router: "a->b",
      source_topic: "a",
      source_topic_id: 7,
      source_epoch: 7,
      source_seq: 3,
    });
    assert.equal(changed(""), `{${member}}`);
    assert.equal(changed("{}"), `{${member}}`);
    assert.equal(changed(`{"x":1e400, "y":"\\u00e9\\"}"}`), `{"x":1e400,"y":"\\u00e9\\"}",${member}}`);
  });

  it("replaces a key of its own kind, however it is spelled", () => {
    assert.equal(changed(`{"_topics_router":{"a":[1,"}"]},"x":1}`), `{"x":1,${member}}`);
    assert.equal(changed(`{"x":1,"_topics\\u005frouter":null}`), `{"x":1,${member}}`);
  });

  it("keeps what is no object under a name of its own", () => {
    assert.equal(changed(`[1,"_topics_router"]`), `{"_topics_original_meta":[1,"_topics_router"],${member}}`);
  });

  it("leaves everything else as it was", () => {
    const key = fc.oneof(fc.string(), fc.constantFrom("_topics_router", "_topics_original_meta", "__proto__"));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(key, fc.jsonValue()), { maxLength: 8 }),
        fc.constantFrom("", " "),
        (pairs, space) => {
          const texts = pairs.map(([name, value]) => [
            name,
            `${JSON.stringify(name)}${space}:${JSON.stringify(value)}`,
          ]);
          const meta = `{${space}${texts.map(([, text]) => text).join(`${space},${space}`)}${space}}`;
          const kept = texts.filter(([name]) => name !== "_topics_router").map(([, text]) => `${text},`);
          const withoutSpace = (text: string): string => (space === "" ? text : text.replaceAll(" ,", ","));
          assert.equal(withoutSpace(changed(meta)), withoutSpace(`{${kept.join("")}${member}}`));
        },
      ),
      { numRuns: 300 },
    );
  });
});
