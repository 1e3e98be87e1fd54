/** The probe as a whole: exit codes, profiles, filter, list, and clean-up, against the little server. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { runCommand } from "./command.ts";
import { discoverCases } from "./discover.ts";
import { endpoints } from "./endpoints.ts";
import type { CaseResult } from "./report.ts";
import { runCases } from "./runner.ts";
import { parseTarget } from "./target.ts";
import { LittleServer } from "./testing/little-server.ts";
import type { Wrong } from "./testing/little-wrong.ts";

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function command(...args: readonly string[]): Promise<Run> {
  let out = "";
  let err = "";
  const code = await runCommand(args, {
    out: (text) => (out += text),
    err: (text) => (err += text),
  });
  return { code, out, err };
}

interface JsonReport {
  readonly summary: {
    readonly passed: number;
    readonly failed: number;
    readonly skipped: number;
    readonly total: number;
  };
  readonly cases: readonly {
    readonly id: string;
    readonly profile: string;
    readonly outcome: string;
    readonly reason?: string;
  }[];
}

async function probe(
  wrong: Wrong | undefined,
  ...args: readonly string[]
): Promise<Run & { report: JsonReport; left: readonly string[] }> {
  const server = new LittleServer(wrong);
  const url = await server.listen();
  try {
    const run = await command(url, "--reporter", "json", ...args);
    return { ...run, report: JSON.parse(run.out) as JsonReport, left: server.topics };
  } finally {
    await server.close();
  }
}

/** One case against the little server; the bound is short because some mistakes show as an answer that never comes. */
async function verdict(
  wrong: Wrong | undefined,
  id: string,
): Promise<Pick<CaseResult, "outcome" | "reason"> & { left: readonly string[] }> {
  const server = new LittleServer(wrong);
  try {
    const cases = (await discoverCases()).filter((each) => each.id === id);
    const report = await runCases(parseTarget(await server.listen()), cases, { caseTimeoutMs: 1500 });
    const [result] = report.cases;
    assert.ok(result !== undefined, `there is a case ${id}`);
    return { ...result, left: server.topics };
  } finally {
    await server.close();
  }
}

/** What the little server keeps: it has no routers, streams or queues, and no HTTP/2. */
async function itsCases(): Promise<string> {
  const foreign = new Set(endpoints.filter(({ section }) => /^[3-6]/.test(section)).map(({ name }) => name));
  const others = ["conventions/not-a-queue-named"];
  const its = (await discoverCases()).filter(
    ({ id, section }) =>
      !/^([3-6](\.|$)|7\.6$)/.test(section) && !foreign.has(id.split("/")[0] ?? "") && !others.includes(id),
  );
  return its.map(({ id }) => id).join(",");
}

describe("probe", () => {
  it("passes a server that keeps the core contract, and leaves no topic behind", async () => {
    const { code, report, left } = await probe(undefined, "--profile", "core", "--filter", await itsCases());
    const failed = report.cases.filter((each) => each.outcome === "failed");
    assert.deepEqual(failed, []);
    assert.equal(code, 0);
    assert.deepEqual(left, []);
    assert.ok(report.summary.total >= 330, `${report.summary.total} core cases`);
    assert.ok(report.cases.every((each) => each.profile === "core"));
  });

  it("skips with a reason what needs a key, and does not count it as passed", async () => {
    const { report } = await probe(undefined, "--filter", "unauthorized", "--profile", "core");
    assert.ok(report.summary.total > 0);
    assert.equal(report.summary.skipped, report.summary.total);
    assert.ok(report.cases.every((each) => each.reason === "the server runs without auth"));
  });

  it("sends its key with every request, raw ones too, and holds a server with keys to them", async () => {
    const server = new LittleServer(undefined, "secret");
    const url = await server.listen();
    try {
      const options = ["--profile", "core", "--filter", await itsCases(), "--reporter", "json"];
      const { code, out } = await command(url, "--token", "secret", ...options);
      const { cases } = JSON.parse(out) as JsonReport;
      assert.deepEqual(
        cases.filter((each) => each.outcome !== "passed"),
        [],
      );
      assert.equal(code, 0);
      assert.equal((await command(url, "--profile", "core", "--filter", "append/creates")).code, 1);
    } finally {
      await server.close();
    }
  });

  const mistakes: Readonly<Record<Wrong, string>> = {
    "body-cut-short-committed": "framing/body-cut-short",
    "cursor-sticks": "diff/own-node-only",
    "data-re-serialised": "record/verbatim-decimal-of-integer",
    "delete-moves-floor": "tombstone/deleted-gap",
    "error-is-200": "topics/get-never-creates",
    "key-forgotten": "idempotency/concurrent",
    "name-not-checked": "put-topic/bad-name",
    "tombstone-off-by-one": "tombstone/cap",
    "wake-up-lost": "long-poll/woken",
  };
  for (const [wrong, id] of Object.entries(mistakes) as [Wrong, string][]) {
    it(`catches ${wrong} by ${id}`, async () => {
      const right = await verdict(undefined, id);
      assert.equal(right.outcome, "passed");
      const caught = await verdict(wrong, id);
      assert.equal(caught.outcome, "failed");
      assert.ok((caught.reason ?? "").length > 0);
      assert.deepEqual(caught.left, [], "a failed case cleans up too");
    });
  }

  it("has exit code 1 when a case failed", async () => {
    const { code, report } = await probe("tombstone-off-by-one", "--filter", "tombstone/cap");
    assert.equal(code, 1);
    assert.ok(report.summary.failed > 0);
  });

  it("has exit code 2 for a server that can't be reached", async () => {
    const server = new LittleServer();
    const url = await server.listen();
    await server.close();
    const { code, err } = await command(url);
    assert.equal(code, 2);
    assert.match(err, /can't be probed/);
  });

  it("has exit code 2 when what answers is no server of topics", async () => {
    const server = createServer((_, response) => response.end("hello"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { code, out, err } = await command(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await new Promise((resolve) => server.close(resolve));
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /does not answer GET \/v0\/health with JSON/);
  });

  for (const args of [
    [],
    ["http://127.0.0.1:1", "http://127.0.0.1:2"],
    ["not a url"],
    ["https://127.0.0.1:1"],
    ["http://127.0.0.1:1/path"],
    ["http://127.0.0.1:1", "--profile", "most"],
    ["http://127.0.0.1:1", "--reporter", "xml"],
    ["http://127.0.0.1:1", "--parallel", "0"],
    ["http://127.0.0.1:1", "--parallel", "x"],
    ["http://127.0.0.1:1", "--filter", "no-such-case"],
    ["http://127.0.0.1:1", "--no-such-flag"],
  ]) {
    it(`has exit code 2 for the arguments [${args.join(" ")}]`, async () => {
      const { code, out, err } = await command(...args);
      assert.equal(code, 2);
      assert.equal(out, "");
      assert.match(err, /^probe: /);
    });
  }

  it("lists cases without a server", async () => {
    const { code, out } = await command("--list", "--filter", "1.9");
    assert.equal(code, 0);
    const lines = out.trimEnd().split("\n");
    assert.ok(lines.length > 10);
    for (const line of lines) assert.match(line, /^[a-z-]+\/[^\t]+\t[^\t]+\t(core|beyond)\t[^\t]+$/);
  });

  it("prints its usage", async () => {
    const { code, out } = await command("--help");
    assert.equal(code, 0);
    assert.match(out, /--profile/);
  });
});
