/**
 * What is counted (spec 7.4). One registry of its own; the engine's events and the door's answers come in here, and
 * figures that the engine keeps itself are asked for when somebody looks. Labels are routes, statuses and words of ours:
 * nothing that a client can invent becomes a series.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { EngineEvent } from "../../engine/events.ts";
import { isTrouble, type TroubleCounter, trouble } from "./trouble.ts";
import { WalCounters } from "./wal-counters.ts";

/** One route's answers. */
export interface RouteMeter {
  answered(status: number, ms: number): void;
}

const latencyBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30];

export class Metrics {
  readonly registry = new Registry();
  readonly wal: WalCounters;
  readonly #latency: Histogram<"method" | "route" | "status">;
  readonly #refused: Counter<"reason">;
  readonly #failures: Counter;
  readonly #trouble: TroubleCounter;
  readonly #stalls: Counter;

  constructor() {
    const registers = [this.registry];
    this.wal = new WalCounters(this.registry);
    this.#latency = new Histogram({
      name: "topics_http_request_duration_seconds",
      help: "From the arrival of a request to its answer, long polls included.",
      labelNames: ["method", "route", "status"],
      buckets: latencyBuckets,
      registers,
    });
    this.#refused = new Counter({
      name: "topics_http_connections_refused_total",
      help: "Connections that did not speak HTTP, or too slowly.",
      labelNames: ["reason"],
      registers,
    });
    this.#failures = new Counter({
      name: "topics_http_handler_failures_total",
      help: "Answers of 500: bugs.",
      registers,
    });
    this.#stalls = new Counter({
      name: "topics_stream_stalls_total",
      help: "Times a stream's reader was slower than what it asked for.",
      registers,
    });
    this.#trouble = trouble(this.registry);
  }

  /** Of the process itself: processor, memory, event-loop delay, garbage collection. */
  watchProcess(): void {
    collectDefaultMetrics({ register: this.registry });
    // Gauges by names of counters; what they say is in others, by type.
    for (const name of ["handles", "requests", "resources"])
      this.registry.removeSingleMetric(`nodejs_active_${name}_total`);
  }

  engineEvent(event: EngineEvent): void {
    this.wal.met(event);
    if (isTrouble(event.type)) this.#trouble.inc({ kind: event.type });
  }

  connectionRefused(code: string): void {
    this.#refused.inc({ reason: reasonOf(code) });
  }

  handlerFailed(): void {
    this.#failures.inc();
  }

  /** A stream has as much pending as it may. */
  streamFull(): void {
    this.#stalls.inc();
  }

  route(method: string, route: string): RouteMeter {
    const byStatus = new Map<number, Histogram.Internal<"method" | "route" | "status">>();
    return {
      answered: (status, ms) => {
        let child = byStatus.get(status);
        if (child === undefined) {
          child = this.#latency.labels({ method, route, status: String(status) });
          byStatus.set(status, child);
        }
        child.observe(ms / 1000);
      },
    };
  }

  /** A figure that somebody else keeps: `read` is called whenever somebody looks. */
  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect(): void {
        this.set(read());
      },
    });
  }

  /** The same of a figure that only grows. */
  counter(name: string, help: string, read: () => number): void {
    new Counter({
      name,
      help,
      registers: [this.registry],
      collect(): void {
        this.reset();
        this.inc(read());
      },
    });
  }
}

function reasonOf(code: string): string {
  if (code === "HPE_HEADER_OVERFLOW") return "headers_too_large";
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return "too_slow";
  return code.startsWith("HPE_") ? "not_http" : "other";
}
