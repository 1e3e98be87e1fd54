/**
 * The whole application as a server on a loopback socket, with its files on a simulated disk and the machine's own clock:
 * black boxes such as the conformance suite (spec 8.5) can be held against it without a file of their own, and the monitor
 * of the disk watches every call meanwhile (8.1).
 */
import type { Env } from "../../src/env/env.ts";
import { nodeEnv } from "../../src/env/node-env.ts";
import { openEngine, type RunningEngine } from "../../src/engine/engine.ts";
import { defaultStorageConfig } from "../../src/engine/storage-config.ts";
import { parseApiKeys } from "../../src/http/auth/api-keys.ts";
import { defaultHttpConfig } from "../../src/http/config.ts";
import { Metrics } from "../../src/http/metrics/metrics.ts";
import { type HttpServer, startServer } from "../../src/http/server.ts";
import { defaultWalConfig } from "../../src/wal/config.ts";
import { SimulatedDisk } from "../disk/disk.ts";

const drainMs = 10_000;

export class DiskServer {
  readonly disk: SimulatedDisk;
  /** What no server may meet: errors of handlers, and what would have ended the process. */
  readonly failures: unknown[];
  readonly #engine: RunningEngine;
  readonly #server: HttpServer;

  private constructor(disk: SimulatedDisk, failures: unknown[], engine: RunningEngine, server: HttpServer) {
    this.disk = disk;
    this.failures = failures;
    this.#engine = engine;
    this.#server = server;
  }

  /** `keys` as in `TOPICS_API_KEYS`. */
  static async start(keys = ""): Promise<DiskServer> {
    const disk = new SimulatedDisk({ directories: ["/data", "/backups"] });
    const machine = nodeEnv();
    const env: Env = { ...machine, fs: disk.fs(), machine: { cpus: 2, pid: 1000, bootId: disk.bootId } };
    const failures: unknown[] = [];
    const metrics = new Metrics();
    const engine = await openEngine(
      env,
      {
        directory: "/data",
        shards: 2,
        shardsAsked: true,
        wal: defaultWalConfig,
        storage: { ...defaultStorageConfig, backupDirectory: "/backups" },
        maxTopics: 0,
        maxIdempotencyKeys: 0,
      },
      { events: (event) => metrics.engineEvent(event), crash: (error) => void failures.push(error) },
    );
    await engine.recover();
    const server = await startServer({
      engine,
      clock: env.clock,
      timers: env.timers,
      metrics,
      events: { handlerFailed: ({ error }) => void failures.push(error), connectionRefused: () => undefined },
      config: { ...defaultHttpConfig, port: 0, backups: true, keys: parseApiKeys(keys) },
    });
    return new DiskServer(disk, failures, engine, server);
  }

  get url(): string {
    return `http://${this.#server.host}:${this.#server.port}`;
  }

  /** Throws when a rule of the disk was broken, or something failed that must not. */
  async stop(): Promise<void> {
    await this.#server.stop();
    await this.#engine.close(drainMs);
    this.disk.checkRules();
    if (this.failures.length > 0) throw new AggregateError(this.failures, `${this.failures.length} failures within`);
  }
}
