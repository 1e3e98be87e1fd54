/** What the log has written and synced (spec 7.4): its counters and the histogram of its syncs, from its events. */
import { Counter, Histogram, type Registry } from "prom-client";
import type { EngineEvent } from "../../engine/events.ts";

const syncBuckets = [50, 100, 250, 500, 1000, 5000, 10_000, 50_000, 100_000];

export interface WalTotals {
  readonly frames: number;
  readonly batches: number;
  readonly syncs: number;
  readonly syncMicros: number;
  readonly bytes: number;
  readonly rotations: number;
}

export class WalCounters {
  readonly #syncTime: Histogram;
  #frames = 0;
  #batches = 0;
  #syncs = 0;
  #syncMicros = 0;
  #bytes = 0;
  #rotations = 0;

  constructor(registry: Registry) {
    const count = (name: string, help: string, read: () => number): void => {
      new Counter({
        name,
        help,
        registers: [registry],
        collect(): void {
          this.reset();
          this.inc(read());
        },
      });
    };
    count("topics_wal_frames_total", "Frames written.", () => this.#frames);
    count("topics_wal_batches_total", "Writes, each of one or more frames.", () => this.#batches);
    count("topics_wal_fsyncs_total", "Syncs.", () => this.#syncs);
    count("topics_wal_bytes_written_total", "Bytes of frames written.", () => this.#bytes);
    count("topics_wal_rotations_total", "Log files begun because one was full.", () => this.#rotations);
    this.#syncTime = new Histogram({
      name: "topics_wal_fsync_latency_us",
      help: "Time of a sync, in microseconds.",
      buckets: syncBuckets,
      registers: [registry],
    });
  }

  get totals(): WalTotals {
    return {
      frames: this.#frames,
      batches: this.#batches,
      syncs: this.#syncs,
      syncMicros: Math.round(this.#syncMicros),
      bytes: this.#bytes,
      rotations: this.#rotations,
    };
  }

  met(event: EngineEvent): void {
    if (event.type === "wal-written") {
      this.#frames += event.frames;
      this.#batches++;
      this.#bytes += event.bytes;
    } else if (event.type === "wal-synced") {
      this.#syncs++;
      this.#syncMicros += event.ms * 1000;
      this.#syncTime.observe(event.ms * 1000);
    } else if (event.type === "wal-rotated") this.#rotations++;
  }
}
