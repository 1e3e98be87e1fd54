/** The fuzzer itself: a short run against a real server finds nothing, and what it holds answers against is not nothing. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repliesIn, wrongWith } from "./judge.ts";
import { fuzz } from "./run.ts";

describe("hostile input to every endpoint", () => {
  it("is answered, in its envelope, without a 5xx, and leaves nothing behind", async () => {
    const directory = mkdtempSync(join(tmpdir(), "topics-fuzz-"));
    try {
      const goOn = (plays: number): boolean => plays < 300;
      const report = await fuzz({ directory, seed: "short", clients: 4, round: 40, goOn, largeBytes: 1 << 20 });
      // How long the loop is held depends on what else the machine does to its caches: the long runs look at it.
      const problems = report.problems.filter((problem) => !problem.startsWith("the event loop was held"));
      assert.deepEqual(problems, []);
      assert.ok(report.answers > 150 && report.endpoints > 10);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  const answer = (status: number, body: string, type = "application/json"): string | undefined => {
    const text = `HTTP/1.1 ${status} X\r\ncontent-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    const [reply] = repliesIn(Buffer.from(text), ["GET"]);
    return wrongWith(reply);
  };

  it("would be found out", () => {
    assert.equal(answer(200, '{"topics":[]}'), undefined);
    assert.equal(answer(404, '{"error":{"code":"not_found","message":"no"}}'), undefined);
    assert.match(answer(500, '{"error":{"code":"internal","message":"x"}}') ?? "", /status 500/);
    assert.match(answer(404, '{"error":{"code":"invalid_request","message":"x"}}') ?? "", /code invalid_request/);
    assert.match(answer(400, '{"message":"x"}') ?? "", /without the envelope/);
    assert.match(answer(200, '{"error":{"code":"not_found","message":"no"}}') ?? "", /an error with status 200/);
    assert.match(answer(400, '{"error":{"code":"invalid_request","message":"x\\n    at y"}}') ?? "", /too much/);
    assert.throws(() => repliesIn(Buffer.from("nonsense\r\n\r\n"), []), /not a status line/);
    assert.throws(() => repliesIn(Buffer.from("HTTP/1.1 200 OK\r\nx: y\r\n\r\n"), []), /without a length/);
  });
});
