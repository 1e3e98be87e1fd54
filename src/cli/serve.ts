/** `topics serve`: lock, listen, recover, ready; and the way back (spec 7.5). */
import { renameSync, writeFileSync } from "node:fs";
import { openEngine, type RunningEngine } from "../engine/engine.ts";
import { defaultStorageConfig } from "../engine/storage-config.ts";
import { errnoOf } from "../env/env.ts";
import { nodeEnv } from "../env/node-env.ts";
import { defaultHttpConfig, type HttpConfig } from "../http/config.ts";
import { isLoopback } from "../http/host.ts";
import { Metrics } from "../http/metrics/metrics.ts";
import { type HttpServer, startServer } from "../http/server.ts";
import { defaultWalConfig } from "../wal/config.ts";
import { exitCode } from "./exit-code.ts";
import { keepHeapSmall } from "./heap.ts";
import { logEvent, type Log, openLog } from "./output.ts";
import { defaultShards, listenAddress, type ReadSettings, SettingError, type Settings } from "./settings.ts";
import { startFailure } from "./start-failure.ts";
import { version } from "./version.ts";

/** Runs until a signal ends it; resolves to the exit code. */
export async function serve({ settings, warnings }: ReadSettings): Promise<number> {
  keepHeapSmall();
  const log = openLog(settings.TOPICS_LOG);
  for (const warning of warnings) log.write("warn", warning);
  const address = listenAddress(settings);
  guardAddress(address.host, settings, log);
  // Only their hashes are needed from here on.
  delete process.env["TOPICS_API_KEYS"];
  const env = nodeEnv();
  const metrics = new Metrics();
  metrics.watchProcess();
  process.on("uncaughtException", (error) => crash(log, error));
  const stopAsked = signals(log);
  let engine: RunningEngine | undefined;
  let server: HttpServer | undefined;
  try {
    engine = await openEngine(env, engineConfig(settings), {
      events: (event) => {
        metrics.engineEvent(event);
        logEvent(log, event);
      },
      crash: (error) => crash(log, error),
    });
    server = await startServer({
      engine,
      clock: env.clock,
      timers: env.timers,
      metrics,
      config: httpConfig(settings, address),
      events: {
        handlerFailed: ({ method, path, error }) =>
          log.write("error", "a handler failed", { method, path, error: text(error) }),
        connectionRefused: ({ code }) => log.write("debug", "refused a connection", { code }),
      },
    });
    const url = `${server.host.includes(":") ? `[${server.host}]` : server.host}:${server.port}`;
    writePortFile(settings.TOPICS_PORT_FILE, url);
    log.write("info", `listening on http://${url}`, { data: settings.TOPICS_DATA_DIR });
    await engine.recover();
    log.write("info", "ready");
  } catch (error) {
    log.write("fatal", startFailure(error));
    await server?.stop();
    return exitCode.failed;
  }
  await stopAsked;
  return stop(engine, server, log);
}

async function stop(engine: RunningEngine, server: HttpServer, log: Log): Promise<number> {
  engine.refuseNewWork();
  const { cutOff } = await server.stop();
  const drained = await engine.close(defaultHttpConfig.drainMs);
  if (cutOff > 0) log.write("warn", "requests were cut off at the end of the drain budget", { count: cutOff });
  if (!drained) log.write("error", "the log could not be drained in time; nothing acked is lost");
  return drained ? exitCode.good : exitCode.failed;
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once, which loses nothing acked. */
function signals(log: Log): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.on(signal, () => {
        if (asked) process.exit(exitCode.failed);
        asked = true;
        log.write("info", `stopping on ${signal}; a second one ends at once`);
        resolve();
      });
    // A server that listens keeps the process alive; until it does, and while it stops, this does.
    const alive = setInterval(() => undefined, 1 << 30);
    process.on("exit", () => clearInterval(alive));
  });
}

/** An uncaught error is a bug. Ending at once is safe for the same reason that `kill -9` is. */
function crash(log: Log, error: unknown): never {
  log.write("fatal", "internal error", { error: text(error) });
  process.exit(exitCode.failed);
}

function guardAddress(host: string, settings: Settings, log: Log): void {
  if (settings.TOPICS_API_KEYS.size > 0) return;
  if (settings.TOPICS_CORS_ORIGINS.includes("*"))
    throw new SettingError("TOPICS_CORS_ORIGINS=* needs TOPICS_API_KEYS: any web page could read and write everything");
  if (!isLoopback(host) && !settings.TOPICS_ALLOW_INSECURE_NO_AUTH)
    throw new SettingError(
      `refusing to listen on ${host} without access control: set TOPICS_API_KEYS, bind a loopback address, or set TOPICS_ALLOW_INSECURE_NO_AUTH=1 behind a proxy that has it`,
    );
  log.write("warn", "no access control: whoever can reach this address may read, write and delete");
}

function writePortFile(path: string, address: string): void {
  if (path === "") return;
  try {
    writeFileSync(`${path}.tmp`, address);
    renameSync(`${path}.tmp`, path);
  } catch (cause) {
    throw new Error(`cannot write TOPICS_PORT_FILE ${path}: ${errnoOf(cause)}`, { cause });
  }
}

function engineConfig(settings: Settings): Parameters<typeof openEngine>[1] {
  return {
    directory: settings.TOPICS_DATA_DIR,
    shards: settings.TOPICS_WAL_SHARDS || defaultShards(),
    shardsAsked: settings.TOPICS_WAL_SHARDS > 0,
    wal: {
      ...defaultWalConfig,
      fileBytes: settings.TOPICS_WAL_FILE_BYTES,
      diskSyncMs: settings.TOPICS_DISK_SYNC_MS,
      archiveDirectory: settings.TOPICS_WAL_ARCHIVE_DIR || undefined,
    },
    storage: {
      ...defaultStorageConfig,
      cacheBytes: settings.TOPICS_CACHE_BYTES,
      tailBytes: settings.TOPICS_TAIL_BYTES,
      segmentMaxRecords: settings.TOPICS_SEGMENT_MAX_EVENTS,
      segmentMaxBytes: settings.TOPICS_SEGMENT_MAX_BYTES,
      segmentMaxAgeMs: settings.TOPICS_SEGMENT_MAX_AGE_MS,
      checkpointBytes: settings.TOPICS_CHECKPOINT_BYTES,
      checkpointMs: settings.TOPICS_CHECKPOINT_MS,
      coldDirectory: settings.TOPICS_COLD_DIR || undefined,
      hotRetainSegments: settings.TOPICS_HOT_RETAIN_SEGMENTS,
      hotRetainBytes: settings.TOPICS_HOT_RETAIN_BYTES,
      backupDirectory: settings.TOPICS_BACKUP_DIR || undefined,
    },
    maxTopics: settings.TOPICS_MAX_TOPICS,
    maxIdempotencyKeys: settings.TOPICS_MAX_IDEMPOTENCY_KEYS,
    maxTotalBytes: settings.TOPICS_MAX_TOTAL_BYTES,
    routers: { max: settings.TOPICS_MAX_ROUTERS, retainBytes: settings.TOPICS_ROUTER_RETAIN_BYTES },
    maxWatchSessions: settings.TOPICS_MAX_WATCH_SESSIONS,
    pressureDelayMs: settings.TOPICS_PRESSURE_DELAY_MS,
  };
}

function httpConfig(settings: Settings, address: { host: string; port: number }): HttpConfig {
  const maxRecordBytes = Math.min(settings.TOPICS_MAX_RECORD_BYTES, settings.TOPICS_MAX_BODY_BYTES);
  return {
    ...defaultHttpConfig,
    ...address,
    keys: settings.TOPICS_API_KEYS,
    probeAuth: settings.TOPICS_PROBE_AUTH,
    corsOrigins: settings.TOPICS_CORS_ORIGINS,
    maxStreams: settings.TOPICS_MAX_SSE_CONNECTIONS,
    maxStreamsPerKey: settings.TOPICS_MAX_SSE_CONNECTIONS_PER_KEY,
    maxInFlightPerKey: settings.TOPICS_MAX_INFLIGHT_PER_KEY,
    maxBufferedBytes: settings.TOPICS_MAX_BUFFERED_BYTES,
    allowedHosts: settings.TOPICS_ALLOWED_HOSTS,
    version,
    maxLimit: settings.TOPICS_MAX_LIMIT,
    maxClaim: settings.TOPICS_MAX_CLAIM,
    maxWatchTopics: settings.TOPICS_MAX_WATCH_TOPICS,
    streamBufferBytes: settings.TOPICS_STREAM_BUFFER_BYTES,
    backups: settings.TOPICS_BACKUP_DIR !== "",
    limits: {
      ...defaultHttpConfig.limits,
      maxRecords: settings.TOPICS_MAX_BATCH_RECORDS,
      // What lies in another thing is no larger than that.
      maxRecordBytes,
      maxBodyBytes: settings.TOPICS_MAX_BODY_BYTES,
      maxMetaBytes: Math.min(settings.TOPICS_MAX_META_BYTES, maxRecordBytes),
      maxTagBytes: settings.TOPICS_MAX_TAG_BYTES,
      maxNodeBytes: settings.TOPICS_MAX_NODE_BYTES,
      maxDepth: settings.TOPICS_MAX_JSON_DEPTH,
    },
  };
}

function text(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
