/** An engine on a real disk with routers in it, and what tests of forwarding ask of it again and again. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunningEngine } from "../../src/engine/engine.ts";
import { nodeEnv } from "../../src/env/node-env.ts";
import type { RouterRequest } from "../../src/router/router.ts";
import type { TopicConfigPatch } from "../../src/topic/config.ts";
import { wholeRead } from "../../src/topic/testing/whole-read.ts";
import type { Tombstone } from "../../src/topic/read.ts";
import { appendRequest, type RunOptions, startEngine } from "../engine-run.ts";

export type Row = Readonly<Record<string, unknown>> & { readonly $seq: number; readonly $ts: number };

export interface Contents {
  readonly rows: readonly Row[];
  readonly tombstones: readonly Tombstone[];
}

const plain: Omit<RouterRequest, "source" | "dest"> = {
  preserveNode: true,
  preserveTag: true,
  createDest: true,
  filter: undefined,
  allowCycle: false,
  exactlyOnce: false,
};

export class Scene {
  readonly directory: string = mkdtempSync(join(tmpdir(), "topics-routers-"));
  readonly #options: Partial<RunOptions>;
  #engine: RunningEngine | undefined;

  constructor(options: Partial<RunOptions> = {}) {
    this.#options = options;
  }

  get engine(): RunningEngine {
    if (this.#engine === undefined) throw new Error("not started");
    return this.#engine;
  }

  async start(): Promise<void> {
    this.#engine = await startEngine(nodeEnv(), { ...this.#options, directory: this.directory });
    await this.#engine.recover();
  }

  async stop(): Promise<void> {
    const engine = this.#engine;
    this.#engine = undefined;
    if (engine !== undefined && !(await engine.close(30_000))) throw new Error("not drained");
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  topic(name: string, config: TopicConfigPatch = {}): Promise<unknown> {
    return this.engine.configureTopic(name, config, "put");
  }

  route(
    source: string,
    dest: string,
    more: Partial<RouterRequest> = {},
    name = `${source}->${dest}`,
  ): Promise<unknown> {
    return this.engine.putRouter(name, { ...plain, source, dest, ...more });
  }

  write(topic: string, ...records: readonly Readonly<Record<string, unknown>>[]): Promise<unknown> {
    return this.engine.append(topic, appendRequest({ records }));
  }

  /** Records with a number each. */
  count(topic: string, from: number, to: number): Promise<unknown> {
    return this.write(topic, ...Array.from({ length: to - from + 1 }, (_, i) => ({ data: from + i })));
  }

  async read(topic: string): Promise<Contents> {
    const rows: Row[] = [];
    const tombstones: Tombstone[] = [];
    for (let fromSeq = 0; ;) {
      const result = await this.engine.read(topic, { ...wholeRead, maxBytes: 1 << 20, fromSeq });
      if (result.tombstone !== undefined) tombstones.push(result.tombstone);
      for (const slice of result.slices) rows.push(...(JSON.parse(`[${Buffer.from(slice).toString()}]`) as Row[]));
      if (result.caughtUp) return { rows, tombstones };
      fromSeq = result.nextFromSeq;
    }
  }

  /** What is there once everything has been forwarded, however long a busy machine takes for it. */
  async data(topic: string): Promise<unknown[]> {
    for (let tries = 0, before = -1; tries < 600; tries++) {
      const behind = this.engine.caughtUp(topic);
      if (behind === undefined) break;
      await behind;
      // One that is paused is tried again by that: it may be over.
      const { lag, pausedBy } = this.#linkInto(topic);
      if (pausedBy !== undefined && lag === before) break;
      before = lag;
    }
    return (await this.read(topic)).rows.map(({ data }) => data);
  }

  #linkInto(dest: string): { readonly lag: number; readonly pausedBy: string | undefined } {
    const { routers } = this.engine.listRouters({ prefix: "", source: undefined, dest }, undefined, 1);
    return routers.at(0) ?? { lag: 0, pausedBy: undefined };
  }
}

export function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
