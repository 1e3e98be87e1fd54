/**
 * `npm run probe:often -- --spawn COMMAND [--times N]`: the whole probe again and again on one server that holds other data
 * and is written to by others meanwhile, with keys and without, over HTTP/1.1 and HTTP/2 (spec 8.5: no clean server is
 * needed). A line for each run; exit code 0 only if nothing ever failed, and nothing but the other data is left.
 */
import { parseArgs } from "node:util";
import { discoverCases } from "./discover.ts";
import { ok } from "./expect.ts";
import { ManagedServer } from "./managed/managed-server.ts";
import { runCases } from "./runner.ts";
import type { ListAnswer } from "./wire.ts";

const { values } = parseArgs({
  options: {
    spawn: { type: "string" },
    times: { type: "string", default: "10" },
    parallel: { type: "string", default: "8" },
  },
});
const key = "key-of-the-probe-0123456789";
const kinds = [
  { token: undefined, isHttp2: false },
  { token: undefined, isHttp2: true },
  { token: key, isHttp2: false },
  { token: key, isHttp2: true },
] as const;

/** Topics of every class and kind, a router, a backlog in segments. */
async function furnish(server: ManagedServer): Promise<void> {
  for (const durability of ["ephemeral", "memory", "disk", "fsync"])
    await server.topic(`there-${durability}`).configured({ durability, cap_records: 5000 });
  await server.topic("there-queue").configured({ type: "queue" });
  ok(await server.send("PUT", "/v0/routers/there", { source: "there-disk", dest: "there-copies" }), 201);
  for (let at = 0; at < 40; at++) await write(server, 500);
}

async function write(server: ManagedServer, count: number): Promise<void> {
  const records = Array.from({ length: count }, (_, data) => ({ data, tag: `t${data % 7}`, node: "other" }));
  for (const name of ["there-ephemeral", "there-memory", "there-disk", "there-fsync", "there-queue"])
    await server.topic(name).appended(records);
}

async function names(server: ManagedServer): Promise<string[]> {
  return ok<ListAnswer>(await server.send("GET", "/v0/topics?page_size=1000")).topics.map(({ topic }) => topic);
}

async function often(command: string, times: number): Promise<number> {
  const cases = await discoverCases();
  let failures = 0;
  for (const { token, isHttp2 } of kinds) {
    const kind = `${isHttp2 ? "h2c" : "HTTP/1.1"}, ${token === undefined ? "no keys" : "keys"}`;
    const settings = { TOPICS_SEGMENT_MAX_EVENTS: "1000", ...(token === undefined ? {} : { TOPICS_API_KEYS: token }) };
    const server = await ManagedServer.prepare({ command, settings, signal: new AbortController().signal, isHttp2 });
    try {
      await server.start({ TOPICS_BACKUP_DIR: server.path("backups") });
      await furnish(server);
      const before = await names(server);
      for (let run = 1; run <= times; run++) {
        const started = performance.now();
        let isOver = false;
        const others = (async (): Promise<void> => {
          while (!isOver) await write(server, 5);
        })();
        const { summary, cases: results } = await runCases(server.target, cases, { parallel: Number(values.parallel) });
        isOver = true;
        await others;
        const left = (await names(server)).filter((name) => !before.includes(name));
        const seconds = ((performance.now() - started) / 1000).toFixed(1);
        const { passed, failed, skipped } = summary;
        console.log(`${kind}, run ${run}: ${passed} passed, ${failed} failed, ${skipped} skipped, ${seconds} s`);
        for (const { id, outcome, reason } of results)
          if (outcome === "failed") console.log(`  ${id}: ${reason ?? ""}`);
        if (left.length > 0) console.log(`  left behind: ${left.join(", ")}`);
        failures += failed + left.length;
      }
    } finally {
      await server.remove();
    }
  }
  return failures;
}

if (values.spawn === undefined || !/^[1-9]\d{0,3}$/.test(values.times)) {
  console.error("usage: npm run probe:often -- --spawn COMMAND [--times N] [--parallel N]");
  process.exitCode = 2;
} else process.exitCode = (await often(values.spawn, Number(values.times))) === 0 ? 0 : 1;
