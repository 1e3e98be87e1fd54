/** What is measured of streams, each on a server of its own. */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { call } from "../call.ts";
import { Histogram } from "../histogram.ts";
import { Server } from "../server.ts";
import { Watchers } from "./watchers.ts";
import { Writer } from "./writer.ts";

const topic = "t";
/** Makes a watcher full that does not read: as much as kernels keep for a socket, and then some. */
const full = "full";
const fullBytes = 48 << 20;
const warmUpMs = 2000;
export const streamBufferBytes = 1 << 20;

export interface Measured {
  readonly latencies: readonly (readonly [number, number])[];
  readonly writes: number;
  readonly delivered: number;
  readonly seconds: number;
  /** Shares of a core. */
  readonly driverCpu: number;
  readonly serverCpu: number;
}

export interface Setup {
  readonly watchers: number;
  /** Of watchers beside them that read nothing, and are full before anything is measured. */
  readonly stalled: number;
}

interface Scene {
  readonly server: Server;
  readonly watchers: Watchers;
  readonly writer: Writer;
}

async function staged<T>({ watchers: count, stalled }: Setup, use: (scene: Scene) => Promise<T>): Promise<T> {
  const server = await Server.create({ TOPICS_LOG: "warn", TOPICS_STREAM_BUFFER_BYTES: String(streamBufferBytes) });
  let watchers: Watchers | undefined;
  let writer: Writer | undefined;
  try {
    const { url } = await server.start();
    writer = await Writer.open(url);
    await writer.append(topic, "");
    watchers = new Watchers(url);
    await watchers.open(await sessions(url, count, { topics: { [topic]: { tail: true } } }));
    if (stalled > 0) await stall(server, watchers, writer, stalled);
    return await use({ server, watchers, writer });
  } finally {
    watchers?.close();
    writer?.close();
    await server.remove();
  }
}

async function sessions(url: string, count: number, body: object): Promise<string[]> {
  const paths: string[] = [];
  for (let i = 0; i < count; i++)
    paths.push(((await call(url, "POST", "/v0/watch", JSON.stringify(body))) as { stream_url: string }).stream_url);
  return paths;
}

/** Each wants other frames than the others, so that none of them shares what is pending for it. */
async function stall(server: Server, watchers: Watchers, writer: Writer, count: number): Promise<void> {
  const { url } = server;
  await writer.append(full, "");
  const paths: string[] = [];
  for (let i = 0; i < count; i++) {
    const body = { topics: { [topic]: { tail: true }, [full]: { tail: true } }, limit: 900 - i };
    paths.push(...(await sessions(url, 1, body)));
  }
  await watchers.openStalled(paths);
  const padding = "x".repeat(1 << 15);
  for (let bytes = 0; bytes < fullBytes; bytes += padding.length) await writer.append(full, padding);
  const metrics = await (await fetch(`${url}/v0/metrics`)).text();
  const stalls = Number(/^topics_stream_stalls_total (\d+)/m.exec(metrics)?.[1]);
  if (!(stalls >= count)) throw new Error(`of ${count} watchers that read nothing ${stalls} are full`);
}

/** One record at a time, each when the last has been on its way for a while. */
export function latency(setup: Setup, seconds: number): Promise<Measured> {
  return measured(setup, seconds, Math.max(5, setup.watchers * 0.02));
}

/** As fast as one connection writes, one record after the other. */
export function throughput(setup: Setup, seconds: number): Promise<Measured> {
  return measured(setup, seconds, 0);
}

function measured(setup: Setup, seconds: number, pauseMs: number): Promise<Measured> {
  return staged(setup, async ({ server, watchers, writer }) => {
    const write = async (forMs: number, between: () => Promise<void> | undefined): Promise<number> => {
      let writes = 0;
      watchers.begin();
      for (const until = performance.now() + forMs; performance.now() < until; writes++) {
        await writer.append(topic, "x".repeat(40));
        await between();
      }
      await watchers.until(writes * setup.watchers);
      return writes;
    };
    // Until code is compiled.
    await write(warmUpMs, () => undefined);
    const usage = await cpu(server);
    const writes = await write(seconds * 1000, pauseMs === 0 ? () => undefined : () => awake(pauseMs));
    return { latencies: watchers.latency.counts(), writes, delivered: watchers.delivered, ...(await usage()) };
  });
}

/**
 * A pause in which the event loop goes round all the time. A core that sleeps has to be woken by the server's first write to
 * it, which on a virtual machine takes longer than the write: that would be measured, and not the server.
 */
async function awake(pauseMs: number): Promise<void> {
  for (const until = performance.now() + pauseMs; performance.now() < until;)
    await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Bytes of resident memory for each. */
export async function idleBytes(watchers: number): Promise<number> {
  const before = await staged({ watchers: 1, stalled: 0 }, ({ server }) => settledBytes(server));
  const after = await staged({ watchers, stalled: 0 }, ({ server }) => settledBytes(server));
  return (after - before) / watchers;
}

export async function stalledBytes(stalled: number): Promise<number> {
  const before = await staged({ watchers: 1, stalled: 1 }, ({ server }) => settledBytes(server));
  const after = await staged({ watchers: 1, stalled: stalled + 1 }, ({ server }) => settledBytes(server));
  return (after - before) / stalled;
}

export function percentiles(parts: readonly Measured[]): { readonly p50Ms: number; readonly p99Ms: number } {
  const all = new Histogram(parts.flatMap(({ latencies }) => latencies));
  return { p50Ms: all.percentileMs(0.5), p99Ms: all.percentileMs(0.99) };
}

async function settledBytes(server: Server): Promise<number> {
  await sleep(2000);
  const text = await readFile(`/proc/${server.pid}/status`, "utf8").catch(() => "");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1] ?? NaN) * 1024;
}

async function cpu(server: Server): Promise<() => Promise<Pick<Measured, "driverCpu" | "serverCpu" | "seconds">>> {
  const [own, its, began] = [process.cpuUsage(), await server.cpuSeconds(), performance.now()];
  return async () => {
    const seconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(own);
    return {
      seconds,
      driverCpu: (user + system) / 1e6 / seconds,
      serverCpu: ((await server.cpuSeconds()) - its) / seconds,
    };
  };
}
