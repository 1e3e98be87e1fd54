/**
 * Which records of sealed blocks are deleted, as far as delete files still tell (spec 6.3): up to the end that the checkpoint
 * names, entry by entry, over what is damaged.
 */
import type { NamedSegment } from "../../engine/segments.ts";
import { type Env, errnoOf } from "../../env/env.ts";
import { deleteEntryBytes, deleteHeaderBytes, type DeletedRange, type DeleteEnd } from "../../segment/delete-format.ts";
import type { PartEntry } from "../../segment/part-entry.ts";
import { deleteFileName, joinPath, parseDeleteFileName } from "../../storage/layout.ts";
import type { Survey } from "../survey.ts";
import { walkDeletes } from "../walk-deletes.ts";
import type { DamagedFile } from "./found-blocks.ts";

export class FoundDeaths {
  readonly damaged: DamagedFile[] = [];
  /** Segment files of which some deletes are lost. */
  readonly incomplete = new Set<number>();
  readonly #ranges = new Map<string, DeletedRange[]>();

  static async read(env: Env, survey: Survey, segments: Iterable<NamedSegment>): Promise<FoundDeaths> {
    const found = new FoundDeaths();
    for (const { file, deletes } of segments) if (deletes !== undefined) await found.#read(env, survey, file, deletes);
    return found;
  }

  /** Everything that any delete file says: what lies behind the end that a checkpoint names was committed, too. */
  static async readAll(env: Env, survey: Survey): Promise<FoundDeaths> {
    const found = new FoundDeaths();
    for (const name of survey.names) {
      const file = parseDeleteFileName(name);
      if (file !== undefined) await found.#read(env, survey, file, undefined);
    }
    return found;
  }

  /** By block, of operations up to `op`. */
  of(
    { file, ordinal }: Pick<PartEntry, "file" | "ordinal">,
    op = Infinity,
  ): ReadonlyMap<number, readonly DeletedRange[]> {
    const byBlock = new Map<number, DeletedRange[]>();
    for (const range of this.#ranges.get(`${file}.${ordinal}`) ?? []) {
      if (range.op > op) continue;
      const ranges = byBlock.get(range.block);
      if (ranges === undefined) byBlock.set(range.block, [range]);
      else ranges.push(range);
    }
    return byBlock;
  }

  async #read(env: Env, { directory, manifest }: Survey, file: number, end: DeleteEnd | undefined): Promise<void> {
    const path = joinPath(directory, deleteFileName(file));
    const wrong = (what: string): void => {
      this.incomplete.add(file);
      this.damaged.push({ file: path, what });
    };
    const ranges: DeletedRange[] = [];
    let isOwn = true;
    const expected = end === undefined ? 0 : (end.bytes - deleteHeaderBytes) / deleteEntryBytes;
    try {
      const version = await walkDeletes(env, path, end?.bytes, {
        header: (header) => (isOwn = header.directoryId === manifest.directoryId && header.file === file),
        range: (range) => ranges.push(range),
        bad: () => undefined,
      });
      if (version !== undefined) wrong(version);
      else if (!isOwn) wrong("it belongs elsewhere");
      else if (ranges.length < expected) wrong(`${expected - ranges.length} of ${expected} deleted ranges are lost`);
      if (isOwn) for (const range of ranges) this.#add(file, range);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      wrong(errno === "ENOENT" ? "it is missing" : errno);
    }
  }

  #add(file: number, range: DeletedRange): void {
    const key = `${file}.${range.part}`;
    const known = this.#ranges.get(key);
    if (known === undefined) this.#ranges.set(key, [range]);
    else known.push(range);
  }
}

export function lies(ranges: readonly DeletedRange[], slot: number): boolean {
  return ranges.some(({ first, last }) => slot >= first && slot <= last);
}
