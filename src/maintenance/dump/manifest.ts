/** Dumps a manifest (spec 6.2). */
import type { Env } from "../../env/env.ts";
import { readSmallFile } from "../../storage/atomic-file.ts";
import { decodeManifest, type Manifest } from "../../storage/manifest.ts";
import { damageLine, type Line, type Output } from "./line.ts";

const maxBytes = 64 << 20;

export async function dumpManifest(env: Env, path: string, output: Output): Promise<void> {
  const bytes = await readSmallFile(env.fs, path, maxBytes);
  if (bytes === undefined) return output.line({ type: "note", text: "there is no manifest" });
  const decoded = decodeManifest(bytes);
  if (decoded.outcome !== "manifest") return output.line(damageLine(0, bytes.length, decoded.reason));
  for (const line of manifestLines(decoded.manifest)) output.line(line);
}

export function* manifestLines({ layouts, checkpoints, ...rest }: Manifest): Generator<Line> {
  yield { type: "manifest", ...rest, checkpoints };
  for (const [number, { shards, files, ends }] of layouts.entries())
    for (let shard = 0; shard < shards; shard++) {
      const end = ends?.[shard];
      yield {
        type: "log",
        layout: number,
        shard,
        files: files[shard],
        ...(end === undefined ? {} : { endsIn: `${end.index}@${end.position}` }),
      };
    }
}
