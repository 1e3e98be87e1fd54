/**
 * A start and a clean stop of a directory that is being made (spec 6.7): what it leads to is the engine's own judgement, and
 * whatever would keep a server from starting on it shows before anybody relies on it.
 */
import { openEngine } from "../engine/engine.ts";
import type { EngineEvent } from "../engine/events.ts";
import type { RecoveryOptions } from "../engine/recovery-options.ts";
import { defaultStorageConfig } from "../engine/storage-config.ts";
import type { Env } from "../env/env.ts";
import { joinPath, parseWalFileName } from "../storage/layout.ts";
import { defaultWalConfig } from "../wal/config.ts";
import { readManifest } from "./read-manifest.ts";

export interface Started {
  readonly topics: number;
  readonly records: number;
  readonly holes: readonly { readonly topic: string; readonly from: number; readonly to: number }[];
}

const closeMs = 600_000;

/** Rejects with the `StartRefusal` that a server would have met. */
export async function startAndStop(env: Env, directory: string, options: RecoveryOptions): Promise<Started> {
  const found = { topics: 0, records: 0, holes: [] as { topic: string; from: number; to: number }[] };
  let failed: { readonly error: unknown } | undefined;
  const events = (event: EngineEvent): void => {
    if (event.type === "hole-found") found.holes.push({ topic: event.topic, from: event.from, to: event.to });
    if (event.type === "recovered") [found.topics, found.records] = [event.topics, event.records];
  };
  const config = {
    directory,
    shards: 1,
    shardsAsked: false,
    wal: defaultWalConfig,
    // Nothing is appended: there is nothing to keep room for.
    storage: { ...defaultStorageConfig, reserveBytes: 0 },
    maxTopics: 0,
    maxIdempotencyKeys: 0,
  };
  const engine = await openEngine(env, config, { events, crash: (error) => (failed ??= { error }) }, options);
  try {
    await engine.recover();
  } catch (error) {
    await engine.close(0);
    throw error;
  }
  const stopped = await engine.close(closeMs);
  if (failed) throw failed.error;
  if (!stopped) throw Object.assign(new Error(`${directory} could not be closed in time`), { code: "ETIMEDOUT" });
  await removeSpares(env, directory);
  return found;
}

/** What the log has prepared and not used. */
async function removeSpares(env: Env, directory: string): Promise<void> {
  const { layouts } = await readManifest(env, directory);
  for (const name of await env.fs.readdir(directory)) {
    const parsed = parseWalFileName(name);
    const isNamed = layouts.some(({ files }) => parsed && files.at(parsed.shard)?.includes(parsed.index));
    if (parsed && !isNamed) await env.fs.unlink(joinPath(directory, name));
  }
}

export async function directorySize(
  env: Env,
  directory: string,
): Promise<{ readonly files: number; readonly bytes: number }> {
  const names = await env.fs.readdir(directory);
  let bytes = 0;
  for (const name of names) bytes += (await env.fs.stat(joinPath(directory, name)))?.size ?? 0;
  return { files: names.length, bytes };
}
