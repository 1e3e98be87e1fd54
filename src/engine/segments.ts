/**
 * The segment files of an open directory, and who needs each of them (spec 6.3): parts of topics, kept checkpoints, and
 * whoever is writing or linking. What nobody needs goes. A file that is being written is known from the moment it has its
 * number, so that no sweep takes it.
 */
import { assert } from "../base/assert.ts";
import type { Env } from "../env/env.ts";
import { type DeletedRange, type DeleteEnd, DeleteFile } from "../segment/delete-file.ts";
import { SegmentFiles, type Tier } from "../segment/files.ts";
import { Pace } from "../segment/pace.ts";
import type { PartEntry } from "../segment/part-entry.ts";
import { SegmentWriter } from "../segment/writer.ts";

export interface SegmentsDeps {
  readonly env: Env;
  readonly directory: string;
  readonly coldDirectory: string | undefined;
  readonly directoryId: string;
  nextStamp(): number;
}

/** A segment file as a checkpoint names it. */
export interface NamedSegment {
  readonly file: number;
  readonly bytes: number;
  /** In all its parts, dead ones too. */
  readonly records: number;
  /** How much of its `.del` counts; `undefined` when there is none. */
  readonly deletes: DeleteEnd | undefined;
}

interface Segment {
  readonly deletes: DeleteFile;
  readonly records: number;
  /** Parts in use. */
  parts: number;
}

export class Segments {
  readonly files: SegmentFiles;
  /** Whether others wait for the file that is being made. */
  isUrgent: () => boolean = () => true;
  readonly #deps: SegmentsDeps;
  readonly #segments = new Map<number, Segment>();
  readonly #writing = new Set<number>();
  /** By whoever needs files as they are: kept checkpoints, backups. */
  readonly #held = new Map<object, ReadonlySet<number>>();
  #next = 1;

  constructor(deps: SegmentsDeps) {
    this.#deps = deps;
    this.files = new SegmentFiles(deps.env, { hot: deps.directory, cold: deps.coldDirectory });
  }

  /** The number of the next file: never given out again. */
  get next(): number {
    return this.#next;
  }

  /** No file below it may be made. */
  startAt(next: number): void {
    this.#next = Math.max(this.#next, next);
  }

  /** A file that is there already. */
  adopt({ file, bytes, records, deletes }: NamedSegment, tier: Tier): void {
    const { env, directory, directoryId } = this.#deps;
    this.files.add(file, tier, bytes);
    this.#segments.set(file, {
      deletes: new DeleteFile(env, directory, directoryId, file, deletes),
      records,
      parts: 0,
    });
  }

  /**
   * Makes a file: `write` says which parts it added, and without one there is no file. `install` takes the parts into
   * use; what it does not take is removed by the next sweep.
   */
  async make<T>(
    write: (writer: SegmentWriter) => Promise<{ readonly parts: readonly PartEntry[]; readonly result: T }>,
    install: (result: T) => Promise<void>,
  ): Promise<void> {
    const { env, directory, directoryId } = this.#deps;
    const file = this.#next++;
    this.#writing.add(file);
    try {
      const place = { directory, directoryId, file, stamp: this.#deps.nextStamp() };
      const writer = await SegmentWriter.create(env, place, new Pace(env, this.isUrgent));
      let result: T;
      try {
        const written = await write(writer);
        result = written.result;
        const records = written.parts.reduce((sum, entry) => sum + entry.records, 0);
        if (written.parts.length === 0) await writer.abort();
        else this.adopt({ file, bytes: (await writer.finish()).bytes, records, deletes: undefined }, "hot");
      } catch (error) {
        await writer.abort();
        throw error;
      }
      await install(result);
    } finally {
      this.#writing.delete(file);
    }
  }

  use({ file }: PartEntry): void {
    this.#segment(file).parts++;
  }

  release({ file }: PartEntry): void {
    const segment = this.#segment(file);
    assert(segment.parts > 0, "a part is released once");
    segment.parts--;
  }

  /** In all parts that the file was made with. */
  recordsOf(file: number): number {
    return this.#segment(file).records;
  }

  /** Files that only kept checkpoints, or a backup, still need. */
  get outlived(): boolean {
    for (const [file, { parts }] of this.#segments) if (parts === 0 && !this.#writing.has(file)) return true;
    return false;
  }

  isUsed(file: number): boolean {
    return (this.#segments.get(file)?.parts ?? 0) > 0;
  }

  /** `owner` needs these files until it says otherwise. */
  hold(owner: object, files: ReadonlySet<number>): void {
    this.#held.set(owner, files);
  }

  letGo(owner: object): void {
    this.#held.delete(owner);
  }

  stageDeletes(file: number, ranges: readonly DeletedRange[]): void {
    if (ranges.length > 0) this.#segment(file).deletes.stage(ranges);
  }

  /** These files as a checkpoint has to name them, everything included that their `.del` have staged. */
  named(files: Iterable<number>): NamedSegment[] {
    return Array.from(files, (file) => ({
      file,
      bytes: this.files.bytesOf(file),
      records: this.recordsOf(file),
      deletes: this.#segment(file).deletes.end,
    }));
  }

  /** Everything that these files' `.del` have staged is on the disk. */
  async flushDeletes(files: Iterable<number>): Promise<void> {
    for (const file of files) await this.#segments.get(file)?.deletes.flush();
  }

  /** Removes the files that nobody needs; says how many. */
  async sweep(): Promise<number> {
    const held = [...this.#held.values()];
    let removed = 0;
    for (const [file, { parts }] of [...this.#segments]) {
      if (parts > 0 || this.#writing.has(file) || held.some((files) => files.has(file))) continue;
      this.#segments.delete(file);
      await this.files.remove(file);
      removed++;
    }
    if (removed > 0) await this.#deps.env.fs.syncDir(this.#deps.directory);
    return removed;
  }

  #segment(file: number): Segment {
    const segment = this.#segments.get(file);
    assert(segment !== undefined, `no segment file ${file}`);
    return segment;
  }
}
