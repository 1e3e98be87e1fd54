import assert from "node:assert/strict";
import fc from "fast-check";
import { TagIndex } from "./tag-index.ts";

const gone = (): boolean => false;

describe("tag index", () => {
  it("agrees with a map of lists, whatever comes and goes", () => {
    const tag = fc.constantFrom("a", "ab", "abc", "b", "", "\uffff", "ä");
    fc.assert(
      fc.property(fc.array(fc.tuple(tag, fc.boolean()), { maxLength: 200 }), (steps) => {
        const index = new TagIndex();
        const plain = new Map<string, number[]>();
        steps.forEach(([name, add], at) => {
          const seqs = plain.get(name) ?? [];
          if (add) {
            index.add(name, at + 1);
            plain.set(name, [...seqs, at + 1]);
          } else if (seqs.length > 0) {
            const [dropped, ...rest] = seqs;
            index.release(index.find(name), (seq) => seq !== dropped && rest.includes(seq));
            if (rest.length > 0) plain.set(name, rest);
            else plain.delete(name);
          }
          for (const prefix of ["", "a", "ab", "b", "zz"]) {
            const found = index.matching({ op: "Glob", prefix }).map((id) => index.name(id));
            assert.deepEqual(found.sort(), [...plain.keys()].filter((key) => key.startsWith(prefix)).sort());
          }
        });
        assert.equal(index.size, plain.size);
        for (const [name, seqs] of plain) {
          const found = index.seqs(index.find(name));
          assert.deepEqual(
            found.filter((seq) => seqs.includes(seq)),
            seqs,
          );
        }
      }),
      { numRuns: 200, seed: 5 },
    );
  });

  it("forgets tags that no record has any more: their number does not grow with the log", () => {
    const index = new TagIndex();
    for (let seq = 1; seq <= 10_000; seq++) {
      index.add(`job-${seq}`, seq);
      if (seq % 100 === 0) index.matching({ op: "Glob", prefix: "job-1" });
      if (seq > 10) index.release(index.find(`job-${seq - 10}`), gone);
    }
    assert.equal(index.size, 10);
    assert.equal(index.find("job-1"), 0);
    assert.equal(index.matching({ op: "Glob", prefix: "job-" }).length, 10);
    assert.ok(index.find("job-10000") <= 12);
  });

  it("rewrites a list that is mostly stale", () => {
    const index = new TagIndex();
    for (let seq = 1; seq <= 1000; seq++) index.add("t", seq);
    for (let seq = 1; seq <= 990; seq++) index.release(index.find("t"), (other) => other > seq);
    assert.ok(index.seqs(index.find("t")).length < 60);
  });
});
