/** The bounds of the HTTP door that requests share (spec 7.3). Streams hold a place of their own kind and none in flight. */
import type { Clock } from "../../env/env.ts";
import type { HttpConfig } from "../config.ts";
import { BufferBudget } from "./buffer-budget.ts";
import { Slots } from "./slots.ts";

export class Limits {
  /** Watch, work and WebSocket connections. */
  readonly streams: Slots;
  readonly inFlight: Slots;
  readonly buffers: BufferBudget;

  constructor(config: HttpConfig, clock: Clock) {
    this.streams = new Slots({
      all: { limit: "max_sse_connections", max: config.maxStreams },
      perKey: { limit: "max_sse_connections_per_key", max: config.maxStreamsPerKey },
    });
    this.inFlight = new Slots({ perKey: { limit: "max_inflight_per_key", max: config.maxInFlightPerKey } });
    this.buffers = new BufferBudget(config.maxBufferedBytes, clock);
  }
}
