import assert from "node:assert/strict";
import { parseMoment, stampText } from "./moment.ts";
import { RestoreRefused } from "./refused.ts";

const ms = Date.UTC(2026, 10, 21, 10, 0, 0);
const stampOf = (text: string): number => {
  const moment = parseMoment(text);
  assert.equal(moment.kind, "time");
  return moment.kind === "time" ? moment.stamp : NaN;
};

describe("a moment", () => {
  it("is a time, all of whose last millisecond is meant", () => {
    for (const text of ["2026-11-21T10:00:00Z", "2026-11-21T10:00Z", "2026-11-21T11:30:00.000+01:30", String(ms)])
      assert.equal(stampOf(text), ms * 1000 + 999, text);
    assert.equal(stampOf("2026-11-21"), Date.UTC(2026, 10, 21) * 1000 + 999);
    assert.equal(stampOf("0"), 999);
  });

  it("may be given to the microsecond", () => {
    assert.equal(stampOf("2026-11-21T10:00:00.000000Z"), ms * 1000);
    assert.equal(stampOf("2026-11-21T10:00:00.1234Z"), ms * 1000 + 123_400);
    assert.equal(stampOf("2026-11-21T10:00:00.123456Z"), ms * 1000 + 123_456);
    assert.equal(stampText(ms * 1000 + 123_456), "2026-11-21T10:00:00.123456Z");
    assert.equal(stampOf(stampText(ms * 1000 + 7)), ms * 1000 + 7);
  });

  it("is a record of a topic", () => {
    assert.deepEqual(parseMoment("orders@17"), { kind: "record", topic: "orders", seq: 17 });
    assert.deepEqual(parseMoment("a:b.c-d@9007199254740991"), {
      kind: "record",
      topic: "a:b.c-d",
      seq: 9007199254740991,
    });
  });

  it("is nothing else", () => {
    for (const text of [
      "",
      "now",
      "2026-11-21T10:00:00",
      "2026-02-30",
      "2026-02-30T00:00Z",
      "2026-13-01",
      "2026-11-21 10:00:00Z",
      "1e12",
      "-1",
      "99999999999999999",
      "orders@0",
      "orders@-1",
      "orders@",
      "@1",
      "no topic@1",
      "orders@99999999999999999",
    ])
      assert.throws(() => parseMoment(text), RestoreRefused, text);
  });
});
