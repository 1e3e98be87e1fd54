/**
 * The load driver: connections over node:net, each with one request in flight, for a fixed time or a fixed number of
 * requests. It knows nothing but bytes, so that it costs less than the server that it measures; its own CPU time is part
 * of the result.
 */
import { connect } from "node:net";
import type { Socket } from "node:net";
import { Histogram } from "./histogram.ts";
import { appendMessages, diffMessages } from "./requests.ts";
import type { BatchShape } from "./requests.ts";
import { ResponseReader } from "./response-reader.ts";

/** What to send, in words: the messages are made where they are sent. */
export type Traffic =
  | { readonly kind: "append"; readonly topic: string; readonly shape: BatchShape }
  | { readonly kind: "diff"; readonly topic: string; readonly records: number; readonly limit: number };

export interface LoadPlan {
  readonly url: string;
  readonly connections: number;
  readonly traffic: Traffic;
  /** Not counted: until code is compiled and caches are filled. */
  readonly warmUpMs: number;
  readonly durationMs: number;
  /** Ends earlier when as many requests have been answered. */
  readonly requests?: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly responseBytes: number;
  readonly elapsedMs: number;
  /** CPU time of the driver as a share of one core. */
  readonly cpu: number;
  readonly latencies: readonly (readonly [number, number])[];
}

/** Bytes that a socket reads at once, into memory that all connections share. */
const readBytes = 256 * 1024;
/** A request that takes longer is a failed run. */
const silenceMs = 30_000;

export async function runLoad(plan: LoadPlan): Promise<LoadResult> {
  const { hostname, port, host } = new URL(plan.url);
  const load = new Load(plan);
  const lines = await Promise.all(
    Array.from({ length: plan.connections }, (_, i) =>
      Line.open(hostname, Number(port), load, messages(plan, host, i)),
    ),
  );
  try {
    return await load.run(lines);
  } finally {
    for (const line of lines) line.close();
  }
}

function messages({ traffic, connections }: LoadPlan, host: string, connection: number): Buffer[] {
  if (traffic.kind === "append") return appendMessages(host, traffic.topic, traffic.shape, connection + 1);
  const all = diffMessages(host, traffic.topic, traffic.records, traffic.limit);
  // Every connection walks the whole log, each from a place of its own.
  const start = Math.floor((all.length * connection) / connections);
  return [...all.slice(start), ...all.slice(0, start)];
}

/** The clock and the counts of one run. */
class Load {
  readonly #plan: LoadPlan;
  #histogram = new Histogram();
  #requests = 0;
  #responseBytes = 0;
  #stopping = false;
  #busy = 0;
  #finish: (() => void) | undefined;
  #fail: ((error: Error) => void) | undefined;

  constructor(plan: LoadPlan) {
    this.#plan = plan;
  }

  async run(lines: readonly Line[]): Promise<LoadResult> {
    const ended = new Promise<void>((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    this.#busy = lines.length;
    let started = performance.now();
    let cpuBefore = process.cpuUsage();
    const warm = setTimeout(() => {
      this.#histogram = new Histogram();
      this.#requests = this.#responseBytes = 0;
      started = performance.now();
      cpuBefore = process.cpuUsage();
    }, this.#plan.warmUpMs);
    if (this.#plan.warmUpMs === 0) clearTimeout(warm);
    let measured: Omit<LoadResult, "latencies"> | undefined;
    const measure = (): void => {
      const elapsedMs = performance.now() - started;
      const { user, system } = process.cpuUsage(cpuBefore);
      const [requests, responseBytes] = [this.#requests, this.#responseBytes];
      measured = { requests, responseBytes, elapsedMs, cpu: (user + system) / 1000 / elapsedMs };
      this.#stopping = true;
    };
    const stop = setTimeout(measure, this.#plan.warmUpMs + this.#plan.durationMs);
    for (const line of lines) line.send();
    try {
      await ended;
    } finally {
      clearTimeout(stop);
      clearTimeout(warm);
    }
    if (measured === undefined) measure();
    return { ...measured!, latencies: this.#histogram.counts() };
  }

  /** Whether the line that was answered is to send another. */
  answered(status: number, bodyBytes: number, latencyNs: number): boolean {
    if (status !== 200 && status !== 201) {
      this.failed(new Error(`the server answered ${status}`));
      return false;
    }
    if (!this.#stopping) {
      this.#requests++;
      this.#responseBytes += bodyBytes;
      this.#histogram.record(latencyNs);
      const { requests } = this.#plan;
      if (requests === undefined || this.#requests + this.#busy <= requests) return true;
    }
    this.#busy--;
    if (this.#busy === 0) this.#finish?.();
    return false;
  }

  failed(error: Error): void {
    this.#stopping = true;
    this.#fail?.(error);
  }
}

/** One connection. */
class Line {
  readonly #load: Load;
  readonly #messages: readonly Buffer[];
  readonly #socket: Socket;
  #next = 0;
  #sentAt = 0;

  static open(host: string, port: number, load: Load, messages: readonly Buffer[]): Promise<Line> {
    return new Promise((resolve, reject) => {
      const line: Line = new Line(host, port, load, messages, () => resolve(line), reject);
    });
  }

  private constructor(
    host: string,
    port: number,
    load: Load,
    messages: readonly Buffer[],
    opened: () => void,
    refused: (error: Error) => void,
  ) {
    this.#load = load;
    this.#messages = messages;
    const reader = new ResponseReader((status, bodyBytes) => this.#answered(status, bodyBytes));
    const callback = (count: number, buffer: Uint8Array): boolean => {
      try {
        reader.read((buffer as Buffer).subarray(0, count));
      } catch (error) {
        load.failed(error as Error);
      }
      return true;
    };
    const onread = { buffer: sharedBuffer, callback };
    this.#socket = connect({ host, port, noDelay: true, onread });
    this.#socket.once("connect", opened);
    this.#socket.on("error", (error) => {
      refused(error);
      load.failed(error);
    });
    this.#socket.on("end", () => load.failed(new Error("the server closed a connection")));
    this.#socket.setTimeout(silenceMs, () => load.failed(new Error(`no answer within ${silenceMs} ms`)));
  }

  send(): void {
    this.#sentAt = performance.now();
    this.#socket.write(this.#messages[this.#next]);
    this.#next = (this.#next + 1) % this.#messages.length;
  }

  close(): void {
    this.#socket.destroy();
  }

  #answered(status: number, bodyBytes: number): void {
    if (this.#load.answered(status, bodyBytes, (performance.now() - this.#sentAt) * 1e6)) this.send();
  }
}

const sharedBuffer = Buffer.allocUnsafeSlow(readBytes);
