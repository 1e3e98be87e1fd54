/** Metrics of the little server (spec 7.4): every name, and figures that move where a case looks. */
import type { LittleTopic } from "./little-topic.ts";

const plain = `topics topics_by_class{class="disk"} routers records_live bytes_live queue_topics queue_leases_in_flight
  sse_connections watch_sessions ready recovery_progress uptime_ms wal_queue_depth wal_queue_depth_peak wal_read_only
  wal_batches_total wal_rotations_total wal_submit_full_total topic_metrics_truncated`.split(/\s+/);
const buckets = ["50", "100", "250", "500", "1000", "5000", "10000", "50000", "100000", "+Inf"];
const members =
  `topics topics_ephemeral topics_memory topics_disk topics_fsync routers records_live bytes_live queue_topics
  queue_leases_in_flight sse_connections watch_sessions ready replay_progress uptime_ms`.split(/\s+/);
const walMembers =
  `frames batches fsyncs fsync_count fsync_micros_total bytes_written rotations submit_full_total queue_depth
  queue_depth_peak read_only`.split(/\s+/);

const zeros = (names: readonly string[]): Record<string, unknown> => Object.fromEntries(names.map((name) => [name, 0]));

export function metricsJson(): string {
  return JSON.stringify({ ...zeros(members), wal: zeros(walMembers) });
}

export function metricsText(topics: ReadonlyMap<string, LittleTopic>): string {
  const written = [...topics.values()].reduce((sum, { head }) => sum + head, 0);
  const lines = plain.map((name) => `topics_${name} 0`);
  for (const name of ["frames", "fsyncs", "bytes_written"]) lines.push(`topics_wal_${name}_total ${written}`);
  for (const le of buckets) lines.push(`topics_wal_fsync_latency_us_bucket{le="${le}"} 0`);
  for (const [name, { head, earliest }] of topics)
    lines.push(
      `topics_topic_head_seq{topic="${name}"} ${head}`,
      `topics_topic_earliest_seq{topic="${name}"} ${earliest}`,
      `topics_topic_records_live{topic="${name}"} ${head - earliest + 1}`,
    );
  return `${lines.join("\n")}\n`;
}
