/**
 * A start of a directory, tried on an overlay: what a server would find, and whether it would serve, without a trace of it
 * on the disk (spec 6.5, 6.6). It is the engine's own start, so that the two can never disagree.
 */
import { CheckpointDamage } from "../checkpoint/damage.ts";
import { openEngine } from "../engine/engine.ts";
import type { EngineEvent } from "../engine/events.ts";
import { defaultStorageConfig } from "../engine/storage-config.ts";
import type { Env } from "../env/env.ts";

import { SegmentDamage } from "../segment/damage.ts";
import { StartRefusal } from "../storage/refusal.ts";
import { defaultWalConfig } from "../wal/config.ts";
import { OverlayFs } from "./overlay-fs.ts";

/** What of a tail a start cuts off, because it never was synced. */
export interface CutTail {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
}

/** What a start tells readers that it may have lost. */
export interface FoundHole {
  readonly topic: string;
  readonly from: number;
  readonly to: number;
}

export type Rehearsal =
  | {
      readonly outcome: "starts";
      readonly topics: number;
      readonly records: number;
      readonly cuts: readonly CutTail[];
      readonly holes: readonly FoundHole[];
    }
  | { readonly outcome: "refused"; readonly refusal: StartRefusal };

/** What a start may write, here into memory. */
const maxOverlayBytes = 2 ** 30;
const closeMs = 600_000;

/** `env` is only read from. */
export async function rehearseStart(env: Env, directory: string, cold: string | undefined): Promise<Rehearsal> {
  const found = { topics: 0, records: 0, cuts: [] as CutTail[], holes: [] as FoundHole[] };
  let failed: { readonly error: unknown } | undefined;
  const events = (event: EngineEvent): void => {
    if (event.type === "wal-tail-cut") found.cuts.push({ file: event.file, offset: event.offset, bytes: event.bytes });
    if (event.type === "hole-found") found.holes.push({ topic: event.topic, from: event.from, to: event.to });
    if (event.type === "recovered") [found.topics, found.records] = [event.topics, event.records];
  };
  const overlay: Env = { ...env, fs: new OverlayFs(env.fs, maxOverlayBytes) };
  const config = {
    directory,
    shards: 1,
    shardsAsked: false,
    wal: defaultWalConfig,
    storage: { ...defaultStorageConfig, coldDirectory: cold, reserveBytes: 0 },
    maxTopics: 0,
    maxIdempotencyKeys: 0,
  };
  try {
    const engine = await openEngine(overlay, config, { events, crash: (error) => (failed ??= { error }) });
    await engine.recover();
    await engine.close(closeMs);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    return { outcome: "refused", refusal };
  }
  if (failed) throw failed.error;
  return { outcome: "starts", ...found };
}

function refusalOf(error: unknown): StartRefusal | undefined {
  if (error instanceof StartRefusal) return error;
  // A checkpoint that was read whole, and reads differently now.
  if (error instanceof CheckpointDamage)
    return new StartRefusal("unreadable", error.reason, { file: error.file, offset: error.at });
  if (!(error instanceof SegmentDamage)) return undefined;
  const { file, at, bytes, errno } = error;
  const place = { file, offset: at, length: bytes };
  if (errno !== undefined) return new StartRefusal("unreadable", errno, place);
  return new StartRefusal("damage", "a segment that a replayed delete looks into is damaged", place);
}
