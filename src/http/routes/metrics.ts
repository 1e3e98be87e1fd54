/** `GET /v0/metrics` (spec 7.4): the text format of Prometheus, or JSON for who asks for that; always 200. */
import type { TopicState } from "../../engine/api.ts";
import { pageWithin } from "../auth/page.ts";
import type { Call, Handler } from "../call.ts";
import type { DoorDeps } from "../deps.ts";
import { type Look, lookAt, publish } from "../metrics/published.ts";
import { maxTopicSeries, topicSeriesText } from "../metrics/topic-series.ts";
import { utf8Reply } from "../reply.ts";

const textFormat = "text/plain; version=0.0.4; charset=utf-8";

export function metricsRoute(deps: DoorDeps): Handler {
  const { engine, clock, metrics } = deps;
  const startedMs = clock.monotonicMs();
  const lookNow = (): Look => lookAt(engine, Math.floor(clock.monotonicMs() - startedMs));
  let latest = lookNow();
  publish(deps, () => latest);
  return async (call) => {
    latest = lookNow();
    if (wantsJson(call)) return utf8Reply(200, JSON.stringify(jsonOf(deps, latest)));
    const text = (await metrics.registry.metrics()) + (latest.ready ? topicText(deps, call) : "");
    return { ...utf8Reply(200, text), type: textFormat };
  };
}

/** Whoever names JSON and no text. */
function wantsJson({ headers }: Call): boolean {
  const accept = headers.accept?.toLowerCase() ?? "";
  return accept.includes("application/json") && !accept.includes("text/plain");
}

/** Only of topics that the key is for. */
function topicText({ engine }: DoorDeps, { grant }: Call): string {
  const page = pageWithin(
    grant,
    { prefix: "", after: undefined, size: maxTopicSeries },
    ({ prefix, after, size }) => {
      const { topics, next } = engine.listTopics(prefix, after, size, false);
      return { items: topics, next };
    },
    ({ topic }: TopicState) => topic,
  );
  const states = page.items.map((state) =>
    state.config.type === "queue" ? engine.topicState(state.topic, false) : state,
  );
  return topicSeriesText(states, page.next !== undefined);
}

function jsonOf({ metrics, limits }: DoorDeps, look: Look): Readonly<Record<string, unknown>> {
  const { figures } = look;
  const { topicsByClass, wal } = figures;
  const { frames, batches, syncs, syncMicros, bytes, rotations } = metrics.wal.totals;
  return {
    topics: figures.topics,
    topics_ephemeral: topicsByClass.ephemeral,
    topics_memory: topicsByClass.memory,
    topics_disk: topicsByClass.disk,
    topics_fsync: topicsByClass.fsync,
    routers: figures.routers,
    records_live: figures.recordsLive,
    bytes_live: figures.bytesLive,
    queue_topics: figures.queueTopics,
    queue_leases_in_flight: figures.leasesInFlight,
    sse_connections: limits.streams.taken,
    watch_sessions: look.watch.sessions,
    ready: look.ready,
    replay_progress: look.replayProgress,
    uptime_ms: look.uptimeMs,
    wal: {
      frames,
      batches,
      fsyncs: syncs,
      fsync_count: syncs,
      fsync_micros_total: syncMicros,
      bytes_written: bytes,
      rotations,
      submit_full_total: wal.submitFull,
      queue_depth: wal.queueDepth,
      queue_depth_peak: wal.queueDepthPeak,
      read_only: wal.readOnlyShards > 0,
    },
  };
}
