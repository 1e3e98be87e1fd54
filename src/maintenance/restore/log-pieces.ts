/** WAL files of one directory outside a backup of it (spec 6.7): in the archive, and in the directory itself. */
import type { Env } from "../../env/env.ts";
import { joinPath, parseWalFileName } from "../../storage/layout.ts";
import { damage } from "../../storage/refusal.ts";
import { archiveName } from "../../wal/archive.ts";
import type { ChainFile } from "../../wal/chain.ts";
import { readHeader } from "../../wal/read-header.ts";
import { readManifest } from "../read-manifest.ts";
import { RestoreRefused } from "./refused.ts";

export interface LogPiece extends ChainFile {
  readonly origin: "backup" | "archive" | "live";
}

/** Every archived file of a directory. */
export async function archivedPieces(env: Env, archive: string, directoryId: string): Promise<LogPiece[]> {
  const prefix = archiveName(directoryId, "");
  const pieces: LogPiece[] = [];
  for (const name of await env.fs.readdir(archive)) {
    const parsed = name.startsWith(prefix) ? parseWalFileName(name.slice(prefix.length)) : undefined;
    if (parsed === undefined) continue;
    const piece = await readPiece(env, joinPath(archive, name), "archive", directoryId);
    if (piece === undefined) throw damage("the header of a WAL file is not valid", { file: joinPath(archive, name) });
    if (piece.header.shard !== parsed.shard || piece.header.index !== parsed.index)
      throw damage("an archived WAL file by another's name", { file: piece.path, offset: 0 });
    pieces.push(piece);
  }
  return pieces;
}

/** Every file of its log in the directory itself. What has no header and is not named never was part of it. */
export async function livePieces(env: Env, live: string, directoryId: string): Promise<LogPiece[]> {
  const { layouts, directoryId: found } = await readManifest(env, live);
  if (found !== directoryId) throw new RestoreRefused(`${live} is not the directory that the backup was made of`);
  const pieces: LogPiece[] = [];
  for (const name of await env.fs.readdir(live)) {
    const parsed = parseWalFileName(name);
    if (parsed === undefined) continue;
    const piece = await readPiece(env, joinPath(live, name), "live", directoryId);
    const isNamed = layouts.some(({ files }) => files.at(parsed.shard)?.includes(parsed.index));
    if (piece === undefined && isNamed)
      throw damage("the header of a WAL file is not valid", { file: joinPath(live, name), offset: 0 });
    if (piece !== undefined) pieces.push(piece);
  }
  return pieces;
}

async function readPiece(
  env: Env,
  path: string,
  origin: LogPiece["origin"],
  directoryId: string,
): Promise<LogPiece | undefined> {
  const read = await readHeader(env, path);
  if (read.outcome !== "header") return undefined;
  if (read.header.directoryId !== directoryId)
    throw damage("a WAL file of another directory", { file: path, offset: 0 });
  return { path, header: read.header, headerHash: read.hash, bytes: read.bytes, named: true, origin };
}
