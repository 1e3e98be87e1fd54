/**
 * Leaving the active file for the oldest spare (spec 6.2): behind rotation, rescue and a file given up. When it is done
 * the spare is part of the log and named, and takes the next frame.
 */
import type { FileWriter } from "./file-writer.ts";
import { spaceRetryMs } from "./config.ts";
import { isDescriptors, isSpace, unavailable } from "./failure.ts";
import type { FrameDraft } from "./frame.ts";
import type { LogFiles } from "./log-files.ts";
import type { ShardDeps } from "./shard-deps.ts";
import type { Space } from "./space.ts";
import { succeed, withFiles } from "./successor.ts";
import type { WalFile } from "./wal-file.ts";

export interface SwitchParts {
  readonly writer: FileWriter;
  readonly space: Space;
  readonly files: LogFiles;
  /** The disk is full, or descriptors are out, and the manifest can't be replaced: whoever waits for room hears of it. */
  stuck(): void;
}

export class FileSwitch {
  readonly #deps: ShardDeps;
  readonly #parts: SwitchParts;
  #stuck = false;

  constructor(deps: ShardDeps, parts: SwitchParts) {
    this.#deps = deps;
    this.#parts = parts;
  }

  /** A new file cannot be named for want of space or of descriptors. */
  get stuck(): boolean {
    return this.#stuck;
  }

  /** Everything that has to do with the file that is left is settled; `carried` goes ahead of its successor's header. */
  async run(carried: readonly FrameDraft[]): Promise<void> {
    const { env, lineage, places } = this.#deps;
    const { writer, space, files } = this.#parts;
    const previous = writer.file;
    const next = space.takeSpare();
    if (!next) throw unavailable(lineage.shard, "has no spare file");
    const end = previous.syncedEnd;
    await succeed(env, next, {
      lineage,
      predecessor: { index: previous.index, end, hash: previous.syncedHash },
      stamp: this.#deps.nextStamp(),
      synced: places.all,
      carried: carried.length > 0 ? [carried] : [],
      carriedBytes: carried.reduce((sum, draft) => sum + draft.bytes.length, 0),
    });
    writer.switchTo(next);
    files.add({ index: previous.index, end });
    places.learn(lineage.shard, { index: next.index, position: next.syncedEnd });
    await this.#name(next);
    await previous.file.close();
  }

  /** The file is part of the log, but takes nothing new before the manifest names it: while the disk is full, or descriptors are out, that takes a while. */
  async #name({ index }: WalFile): Promise<void> {
    const { env, lineage, manifest, room } = this.#deps;
    for (let tries = 0; ; tries++) {
      try {
        await manifest.update((named) => withFiles(named, [{ shard: lineage.shard, index }]));
        this.#stuck = false;
        return;
      } catch (error) {
        if (!isSpace(error) && !isDescriptors(error)) throw error;
        this.#stuck = true;
        this.#parts.stuck();
        if (isSpace(error)) await room.open();
        if (tries > 0) await new Promise<void>((resolve) => env.timers.after(spaceRetryMs, resolve));
      }
    }
  }
}
