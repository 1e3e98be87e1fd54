/** The commands of docs/queues.md, run as they stand there, and what they answer. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServerProcess } from "../faults/process/server.ts";

const page = readFileSync(new URL("./queues.md", import.meta.url), "utf8");
const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, commands]) => commands);
const missing = ["bash", "curl", "sed", "grep"].filter((tool) => spawnSync(tool, ["--version"]).error !== undefined);

describe("docs/queues.md", () => {
  let work: string;
  let server: ServerProcess | undefined;

  beforeEach(() => (work = mkdtempSync(join(tmpdir(), "topics-queues-"))));
  afterEach(async () => {
    await server?.kill();
    rmSync(work, { recursive: true, force: true });
  });

  if (missing.length > 0) console.log(`      (the commands are not run: ${missing.join(", ")} is not installed)`);
  else
    it("produces, claims, extends, acks and looks, as it says", async function () {
      this.timeout(60_000);
      server = await ServerProcess.start({ directory: join(work, "data") });
      const script = ["set -e", ...blocks].join("\n").replace(":4000/", `:${server.port}/`);
      const { stdout, stderr, status } = spawnSync("bash", ["-c", script], { cwd: work, encoding: "utf8" });
      assert.equal(status, 0, stderr);
      assert.match(stdout, /"last_seq":2,/);
      assert.match(stdout, /"extended":1,"skipped":\[\]/);
      assert.match(stdout, /"acked":1,"skipped":\[\],"ready":0,"in_flight":0/);
      assert.match(stdout, /"acked":0,"skipped":\[1\]/);
      assert.match(stdout, /"queue":\{"ready":0,"in_flight":0,"dead_lettered":0\}/);
      assert.match(stdout, /"topic":"mail\.dead","redriven":0,"left":0/);
      const claimed = JSON.parse(readFileSync(join(work, "claimed.json"), "utf8")) as { count: number };
      assert.equal(claimed.count, 1);
    });
});
