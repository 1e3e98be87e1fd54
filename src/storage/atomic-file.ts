/** Replaces a small file as a whole: temporary name, sync, rename, directory sync (spec 6.2, 6.4). */
import type { Fs } from "../env/env.ts";
import { readFully, writeFully } from "./io.ts";
import { joinPath, temporarySuffix } from "./layout.ts";

/** When this resolves the new content is durable; when it rejects either the old or the new one will be found. */
export async function replaceFile(fs: Fs, directory: string, name: string, content: Uint8Array): Promise<void> {
  const temporary = joinPath(directory, name + temporarySuffix);
  const file = await fs.open(temporary, "create");
  try {
    await file.truncate(0);
    await writeFully(file, [content], 0);
    await file.datasync();
  } finally {
    await file.close();
  }
  await fs.rename(temporary, joinPath(directory, name));
  await fs.syncDir(directory);
}

/** The whole of a file of at most `maxBytes`; `undefined` when it is absent. */
export async function readSmallFile(fs: Fs, path: string, maxBytes: number): Promise<Uint8Array | undefined> {
  const stat = await fs.stat(path);
  if (stat === undefined) return undefined;
  const content = new Uint8Array(Math.min(stat.size, maxBytes));
  const file = await fs.open(path, "read");
  try {
    const length = await readFully(file, content, 0);
    return content.subarray(0, length);
  } finally {
    await file.close();
  }
}
