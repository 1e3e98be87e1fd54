/**
 * Appends to the `.del` file of one segment (spec 6.3). Entries are staged at once and reach the disk with `flush`; up to
 * `synced` they are there for good. What an earlier run left behind the end that its checkpoint knew is cut durably before
 * anything is appended.
 *
 * A flush that fails keeps what was staged. After a failed write the same bytes go to the same place again; after a failed
 * sync the file is not trusted any more, and the next flush puts a whole new one in its place.
 *
 * States of the file on the disk: `unseen` (as another run left it) → `ready` (it ends at `synced`) → `distrusted` → `ready`.
 */
import { assert } from "../base/assert.ts";
import { errnoOf, type Env, type File } from "../env/env.ts";
import { readFully, writeFully } from "../storage/io.ts";
import { deleteFileName, joinPath, temporarySuffix } from "../storage/layout.ts";
import { SegmentDamage } from "./damage.ts";
import { encodeDeleteHeader, encodeDeletes, type DeletedRange, type DeleteEnd } from "./delete-format.ts";
import { readDeletes } from "./delete-reader.ts";
export type { DeletedRange, DeleteEnd } from "./delete-format.ts";
export {
  readDeletes,
  scanDeletes,
  takeDeletes,
  type DeletesFound,
  type DeletesRead,
  type DeleteStop,
} from "./delete-reader.ts";

export class DeleteFile {
  readonly #env: Env;
  readonly #directory: string;
  readonly #directoryId: string;
  readonly #number: number;
  readonly #path: string;
  #state: "unseen" | "ready" | "distrusted" = "unseen";
  #synced: DeleteEnd | undefined;
  #end: DeleteEnd | undefined;
  /** From `synced` to `end`; of a new file the header too. */
  #staged: Uint8Array[] = [];
  #turn: Promise<void> = Promise.resolve();

  /** `end`: what is known to be there, synced; `undefined` when the segment has no such file yet. */
  constructor(env: Env, directory: string, directoryId: string, file: number, end: DeleteEnd | undefined) {
    this.#env = env;
    this.#directory = directory;
    this.#directoryId = directoryId;
    this.#number = file;
    this.#path = joinPath(directory, deleteFileName(file));
    this.#synced = end;
    this.#end = end;
  }

  /** What is staged included; `undefined` while nothing was ever deleted. */
  get end(): DeleteEnd | undefined {
    return this.#end;
  }

  /** Up to here it is on the disk: what a checkpoint may name. */
  get synced(): DeleteEnd | undefined {
    return this.#synced;
  }

  /** Touches no disk. Gives the end that the file will have. */
  stage(ranges: readonly DeletedRange[]): DeleteEnd {
    assert(ranges.length > 0, "something is deleted");
    let { end } = this;
    if (end === undefined) {
      const header = encodeDeleteHeader({ directoryId: this.#directoryId, file: this.#number });
      this.#staged.push(header.bytes);
      end = header.end;
    }
    const entries = encodeDeletes(ranges, end);
    this.#staged.push(entries.bytes);
    this.#end = entries.end;
    return entries.end;
  }

  /** When it resolves everything that was staged before it was called is synced. Flushes go one after another. */
  flush(): Promise<void> {
    const turn = this.#turn.then(() => this.#flush());
    // Who asked hears of it; the next one tries again.
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #flush(): Promise<void> {
    const end = this.#end;
    if (end === undefined || end.bytes === this.#synced?.bytes) return;
    const count = this.#staged.length;
    const parts = this.#staged.slice(0, count);
    if (this.#synced === undefined) await this.#create(parts);
    else if (this.#state === "distrusted") await this.#replace(parts, this.#synced);
    else await this.#append(parts, this.#synced);
    this.#state = "ready";
    this.#synced = end;
    this.#staged = this.#staged.slice(count);
  }

  /** Nothing names a file that may be there: it is not this one. */
  async #create(parts: readonly Uint8Array[]): Promise<void> {
    await this.#writeNew(this.#path, parts);
    await this.#env.fs.syncDir(this.#directory);
  }

  async #append(parts: readonly Uint8Array[], synced: DeleteEnd): Promise<void> {
    const file = await this.#env.fs.open(this.#path, "write");
    try {
      if (this.#state === "unseen") {
        await this.#cut(file, synced);
        this.#state = "ready";
      }
      await writeFully(file, parts, synced.bytes);
      await this.#sync(file);
    } finally {
      await file.close();
    }
  }

  /** What lies beyond the end comes again, from the WAL. */
  async #cut(file: File, synced: DeleteEnd): Promise<void> {
    const { size } = await file.stat();
    if (size < synced.bytes)
      throw new SegmentDamage(this.#path, size, synced.bytes - size, undefined, "deletes that were there are missing");
    await file.truncate(synced.bytes);
    await this.#sync(file);
  }

  /** In another file, which takes the name when all of it is on the disk. */
  async #replace(parts: readonly Uint8Array[], synced: DeleteEnd): Promise<void> {
    const { fs } = this.#env;
    const known = await this.#known(synced);
    const temporary = this.#path + temporarySuffix;
    await this.#writeNew(temporary, [known, ...parts]);
    await fs.rename(temporary, this.#path);
    await fs.syncDir(this.#directory);
  }

  async #known(synced: DeleteEnd): Promise<Uint8Array> {
    const found = await readDeletes(this.#env, this.#path, this.#directoryId, this.#number, synced);
    if (!found.ok) throw new SegmentDamage(this.#path, found.at, synced.bytes - found.at, undefined, found.reason);
    const known = new Uint8Array(synced.bytes);
    const file = await this.#env.fs.open(this.#path, "read");
    try {
      const read = await readFully(file, known, 0);
      assert(read === known.length, "what was there a moment ago is there");
    } finally {
      await file.close();
    }
    return known;
  }

  async #writeNew(path: string, parts: readonly Uint8Array[]): Promise<void> {
    const { fs } = this.#env;
    if ((await fs.stat(path)) !== undefined) await fs.unlink(path);
    const file = await fs.open(path, "create-new");
    try {
      await writeFully(file, parts, 0);
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  async #sync(file: File): Promise<void> {
    try {
      await file.datasync();
    } catch (error) {
      if (errnoOf(error) !== undefined) this.#state = "distrusted";
      throw error;
    }
  }
}
