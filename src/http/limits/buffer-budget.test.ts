/** Memory of bodies and answers on their way (spec 7.3): who waits at the limit, who goes on, and who is ended. */
import assert from "node:assert/strict";
import { TopicsError } from "../../base/errors.ts";
import { BufferBudget, type Share } from "./buffer-budget.ts";

describe("the memory of bodies and answers", () => {
  let nowMs: number;
  let budget: BufferBudget;
  let said: string[];

  beforeEach(() => {
    nowMs = 0;
    said = [];
    budget = new BufferBudget(100, { monotonicMs: () => nowMs });
  });

  const share = (name: string): Share =>
    budget.share({
      pause: () => said.push(`pause ${name}`),
      resume: () => said.push(`resume ${name}`),
      cut: () => said.push(`cut ${name}`),
    });
  const refuses = (): void =>
    assert.throws(
      () => budget.demandRoom(),
      (error: unknown) => error instanceof TopicsError && error.detail?.["limit"] === "max_buffered_bytes",
    );

  it("refuses new requests at the limit, and takes them when there is room again", () => {
    const one = share("a");
    one.add(99);
    budget.demandRoom();
    one.add(1);
    refuses();
    one.free();
    budget.demandRoom();
    assert.equal(budget.used, 0);
  });

  it("stops reading every body but the oldest, and goes on with all when there is room", () => {
    const [a, b] = [share("a"), share("b")];
    a.received(10);
    b.received(10);
    a.received(80);
    b.received(1);
    assert.deepEqual(said, ["pause b"]);
    a.received(200);
    assert.deepEqual(said, ["pause b"]);
    a.bodyOver();
    assert.deepEqual(said, ["pause b", "resume b"], "the next oldest goes on although there is no room");
    a.end();
    assert.equal(budget.used, 11);
  });

  it("always lets one of the bodies come to its end", () => {
    const shares = ["a", "b", "c"].map((name) => share(name));
    for (const one of shares) one.received(50);
    assert.deepEqual(said, ["pause b", "pause c"]);
    shares[0].end();
    assert.deepEqual(said, ["pause b", "pause c", "resume b"]);
    shares[1].end();
    assert.deepEqual(said, ["pause b", "pause c", "resume b", "resume c"]);
    shares[2].end();
    assert.equal(budget.used, 0);
  });

  it("ends who has held on for longest when others are refused, but nobody within ten seconds", () => {
    const a = share("a");
    a.add(60);
    nowMs = 5000;
    share("b").add(60);
    nowMs = 10_000;
    refuses();
    assert.deepEqual(said, []);
    nowMs = 10_001;
    refuses();
    assert.deepEqual(said, ["cut a"]);
    a.end();
    budget.demandRoom();
  });

  it("is without bound at 0", () => {
    budget = new BufferBudget(0, { monotonicMs: () => 0 });
    share("a").received(1e12);
    budget.demandRoom();
    assert.deepEqual(said, []);
  });
});
