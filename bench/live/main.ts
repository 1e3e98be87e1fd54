/**
 * `npm run bench:live`: how long a record takes from its write to each of N watchers, how many deliveries there are in a
 * second, what an idle and a stalled watcher cost in memory, and what one stalled among many costs the others (spec 8.7).
 * `--watchers 1,100,1000` and `--seconds 5` say how much of it.
 */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { Server } from "../server.ts";
import { nowUs, Watchers } from "./watchers.ts";

const { values } = parseArgs({
  options: {
    watchers: { type: "string", default: "1,100,1000,5000" },
    seconds: { type: "string", default: "5" },
    pause: { type: "string", default: "20" },
  },
});

async function post(url: string, path: string, body: unknown): Promise<{ readonly [key: string]: unknown }> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as { readonly [key: string]: unknown };
}

async function residentKib(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1] ?? NaN);
}

async function measure(count: number, stalled: number): Promise<void> {
  const server = await Server.create({ TOPICS_LOG: "warn" });
  try {
    const { url } = await server.start();
    await post(url, "/v0/topics/t", { records: [{ data: 0 }] });
    const watchers = new Watchers(url);
    const before = await residentKib(server.pid);
    for (let i = 0; i < count + stalled; i++) {
      const session = await post(url, "/v0/watch", { topics: { t: { tail: true } } });
      await watchers.open(session["stream_url"] as string, i >= count);
    }
    const idle = (await residentKib(server.pid)) - before;
    const endAt = performance.now() + Number(values.seconds) * 1000;
    const padding = "x".repeat(stalled > 0 ? 2000 : 50);
    let writes = 0;
    const began = performance.now();
    while (performance.now() < endAt) {
      await post(url, "/v0/topics/t", { records: [{ data: { at: nowUs(), padding } }] });
      writes++;
      await sleep(Number(values.pause));
    }
    await sleep(500);
    const seconds = (performance.now() - began) / 1000;
    const { latency, delivered } = watchers;
    const after = (await residentKib(server.pid)) - before;
    process.stdout.write(
      `${count} watchers, ${stalled} stalled: ${writes} writes, deliver p50 ${latency.percentileMs(0.5).toFixed(2)} ms, ` +
        `p99 ${latency.percentileMs(0.99).toFixed(2)} ms, ${Math.round(delivered / seconds)} deliveries/s, ` +
        `${(idle / (count + stalled)).toFixed(1)} KiB per idle watcher, ${after} KiB more at the end\n`,
    );
    watchers.close();
  } finally {
    await server.remove();
  }
}

for (const text of values.watchers.split(",")) {
  await measure(Number(text), 0);
  if (Number(text) === 1000) await measure(1000, 1);
}
