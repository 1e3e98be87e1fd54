/** The gauges of the engine and of the door (spec 7.4), each with its fixed name. */
import { Gauge } from "prom-client";
import type { Engine } from "../../engine/api.ts";
import type { EngineFigures } from "../../engine/figures.ts";
import type { WatchCounts } from "../../watch/watch.ts";
import type { DoorDeps } from "../deps.ts";

/** What is asked of the engine at one look. */
export interface Look {
  readonly figures: EngineFigures;
  readonly watch: WatchCounts;
  readonly ready: boolean;
  readonly replayProgress: number;
  readonly uptimeMs: number;
}

export function lookAt(engine: Engine, uptimeMs: number): Look {
  const status = engine.status();
  return {
    figures: engine.figures(),
    watch: engine.watch.counts,
    ready: status.state === "ready",
    replayProgress: status.state === "recovering" ? status.replayProgress : 1,
    uptimeMs,
  };
}

/** `look`: the latest. */
export function publish({ metrics, limits }: DoorDeps, look: () => Look): void {
  const gauge = (name: string, help: string, read: (look: Look) => number): void =>
    metrics.gauge(name, help, () => read(look()));
  const counter = (name: string, help: string, read: (look: Look) => number): void =>
    metrics.counter(name, help, () => read(look()));

  gauge("topics_topics", "Topics.", ({ figures }) => figures.topics);
  byClass(metrics.registry, look);
  gauge("topics_records_live", "Records retained in all topics.", ({ figures }) => figures.recordsLive);
  gauge("topics_bytes_live", "Bytes retained in all topics.", ({ figures }) => figures.bytesLive);
  gauge("topics_queue_topics", "Topics that are queues.", ({ figures }) => figures.queueTopics);
  gauge("topics_queue_leases_in_flight", "Jobs that are leased.", ({ figures }) => figures.leasesInFlight);
  gauge("topics_routers", "Routers.", ({ figures }) => figures.routers);
  gauge("topics_watch_sessions", "Watch sessions.", ({ watch }) => watch.sessions);
  counter("topics_watch_ignored_ids_total", "Resume ids that were none.", ({ watch }) => watch.ignoredIds);
  gauge(
    "topics_router_lag_records",
    "Records that the router furthest behind has to forward.",
    ({ figures }) => figures.routerLag,
  );
  gauge("topics_sse_connections", "Watch, work and WebSocket connections.", () => limits.streams.taken);
  gauge("topics_ready", "1 when requests are served.", ({ ready }) => Number(ready));
  gauge("topics_recovery_progress", "How much of the log is read back, 0 to 1.", (now) => now.replayProgress);
  gauge("topics_uptime_ms", "Milliseconds since the start.", ({ uptimeMs }) => uptimeMs);

  counter("topics_wal_submit_full_total", "Frames that found no room in a queue.", (now) => now.figures.wal.submitFull);
  gauge("topics_wal_queue_depth", "Frames that wait to be written.", (now) => now.figures.wal.queueDepth);
  gauge("topics_wal_queue_depth_peak", "The most that ever waited.", (now) => now.figures.wal.queueDepthPeak);
  gauge("topics_wal_read_only", "Shards that refuse writes.", (now) => now.figures.wal.readOnlyShards);

  gauge("topics_tail_bytes", "Memory of records that are not sealed.", ({ figures }) => figures.tailBytes);
  gauge("topics_idempotency_keys", "Idempotency keys remembered.", ({ figures }) => figures.idempotencyKeys);
  gauge("topics_cache_bytes", "Sealed records in memory.", ({ figures }) => figures.cache.bytes);
  counter("topics_cache_hits_total", "Reads of sealed records from memory.", ({ figures }) => figures.cache.hits);
  counter("topics_cache_misses_total", "Reads of sealed records from disk.", ({ figures }) => figures.cache.misses);
  gauge("topics_http_buffered_bytes", "Bodies and answers on their way.", () => limits.buffers.used);
  gauge("topics_http_keyed_requests", "Requests with a key that are in flight.", () => limits.inFlight.taken);
}

function byClass(registry: DoorDeps["metrics"]["registry"], look: () => Look): void {
  new Gauge({
    name: "topics_topics_by_class",
    help: "Topics by their durability.",
    labelNames: ["class"],
    registers: [registry],
    collect(): void {
      for (const [name, count] of Object.entries(look().figures.topicsByClass)) this.set({ class: name }, count);
    },
  });
}
