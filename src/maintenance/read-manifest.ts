/** The manifest of a directory that is only read; refused where a server would refuse it (spec 6.2, 6.6). */
import type { Env } from "../env/env.ts";
import { readSmallFile } from "../storage/atomic-file.ts";
import { joinPath, manifestName } from "../storage/layout.ts";
import { decodeManifest, type Manifest } from "../storage/manifest.ts";
import { damage, StartRefusal } from "../storage/refusal.ts";

const maxManifestBytes = 64 << 20;

export async function readManifest(env: Env, directory: string): Promise<Manifest> {
  const path = joinPath(directory, manifestName);
  const bytes = await readSmallFile(env.fs, path, maxManifestBytes);
  if (bytes === undefined) throw new StartRefusal("unreadable", `there is no data directory at ${directory}`);
  const decoded = decodeManifest(bytes);
  if (decoded.outcome === "corrupt") throw damage(`the manifest is damaged: ${decoded.reason}`, { file: path });
  if (decoded.outcome === "version")
    throw new StartRefusal("version", `the manifest: ${decoded.reason}`, { file: path });
  return decoded.manifest;
}
