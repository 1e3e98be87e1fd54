/** What the HTTP door has to be told (spec 7.1, 7.3, 7.5). Names and defaults of the environment are the CLI's affair. */
import { KeyRing } from "./auth/key-ring.ts";
import type { BatchLimits } from "../base/limits.ts";
import {
  defaultBatchLimits,
  defaultMaxClaim,
  defaultMaxLimit,
  defaultMaxWatchTopics,
  defaultStreamBufferBytes,
} from "../base/limits.ts";

export interface HttpConfig {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Names beside the loopback ones under which a loopback server may be spoken to (7.2). */
  readonly allowedHosts: readonly string[];
  /** An empty ring: everybody may do everything (7.2). */
  readonly keys: KeyRing;
  /** Probes ask for a key too. */
  readonly probeAuth: boolean;
  /** Web origins whose pages may speak to this server; `*` is every one. */
  readonly corsOrigins: readonly string[];
  /** As `/v0/health` reports it. */
  readonly version: string;
  readonly limits: BatchLimits;
  /** `TOPICS_MAX_LIMIT`: records of one read. */
  readonly maxLimit: number;
  /** `TOPICS_MAX_CLAIM`: jobs of one claim, seqs of one ack. */
  readonly maxClaim: number;
  /** `TOPICS_MAX_WATCH_TOPICS`: names in one watch request. */
  readonly maxWatchTopics: number;
  /** `TOPICS_STREAM_BUFFER_BYTES`: what may be pending on one stream (4.3). */
  readonly streamBufferBytes: number;
  /** There is a place for backups (6.7). */
  readonly backups: boolean;
  /** How long a stop waits for what is in flight. */
  readonly drainMs: number;
  /** Watch, work and WebSocket connections; 0: unlimited, here and below. */
  readonly maxStreams: number;
  readonly maxStreamsPerKey: number;
  readonly maxInFlightPerKey: number;
  /** Bodies being received and answers that the kernel has not taken. */
  readonly maxBufferedBytes: number;
  /** Requests that arrived on one connection and are not answered; more end it. */
  readonly maxPipelined: number;
  readonly maxConnections: number;
  readonly maxHeaderBytes: number;
  /** From the first byte of a request to the end of its headers, and to the end of its body. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** How often those two are looked at. */
  readonly timeoutCheckMs: number;
  /** An idle connection between requests. */
  readonly keepAliveMs: number;
  /** A connection on which nothing moves, also in the middle of an answer; above the longest poll. */
  readonly silenceMs: number;
}

export const defaultHttpConfig: HttpConfig = {
  host: "127.0.0.1",
  port: 4000,
  allowedHosts: [],
  keys: new KeyRing(),
  probeAuth: false,
  corsOrigins: [],
  version: "0.0.0",
  limits: defaultBatchLimits,
  maxLimit: defaultMaxLimit,
  maxClaim: defaultMaxClaim,
  maxWatchTopics: defaultMaxWatchTopics,
  streamBufferBytes: defaultStreamBufferBytes,
  backups: false,
  drainMs: 10_000,
  maxStreams: 10_000,
  maxStreamsPerKey: 1000,
  maxInFlightPerKey: 1000,
  maxBufferedBytes: 256 * 1024 * 1024,
  maxPipelined: 1000,
  maxConnections: 20_000,
  maxHeaderBytes: 32 * 1024,
  headersTimeoutMs: 15_000,
  requestTimeoutMs: 300_000,
  timeoutCheckMs: 5_000,
  keepAliveMs: 75_000,
  silenceMs: 120_000,
};
