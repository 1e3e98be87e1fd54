/** What an ordering rule sees and says (spec 8.1). A rule is made anew for every disk, because it may remember things. */
import type { Call, CallName } from "./call.ts";

export type DiskEvent =
  /** The process has made the call. */
  | { readonly type: "issued"; readonly call: Call }
  /** It has taken effect and the process learns of it; with an errno it has failed. */
  | { readonly type: "answered"; readonly call: Call; readonly errno?: string };

export interface DiskView {
  /** Whether a power loss now could lose data or length of this file, behind its first `from` bytes. */
  hasUnsyncedData(node: number, from?: number): boolean;
  /** Whether a power loss now could take bytes below `end` of the file by that path; `undefined` without such a file. */
  isSyncedBelow(path: string, end: number): boolean | undefined;
  /** The file's first bytes as processes see them; `undefined` without such a file. */
  head(path: string, length: number): Uint8Array | undefined;
  /** All of its bytes as processes see them; `undefined` without such a file. */
  contents(path: string): Uint8Array | undefined;
  /** What may be found by that path after a power loss now: the device's bytes of every file that may have the name. */
  found(path: string): readonly Uint8Array[];
  /** Whether a power loss now leaves the name what it is; `undefined` without such a file. */
  isEntered(path: string): boolean | undefined;
  /** What a power loss now could take of the file's bytes, range by range. */
  unsynced(path: string): readonly ByteRange[];
  /** Paths of all files, as processes see them. */
  files(): readonly string[];
  /** Other paths that lead to the same file, as processes see them. */
  otherNames(path: string): readonly string[];
}

export interface ByteRange {
  readonly from: number;
  /** Behind the last. */
  readonly to: number;
}

export interface Rule {
  readonly name: string;
  /** The calls that it looks at: most calls concern few rules. */
  readonly calls: readonly CallName[];
  /** What is wrong, in words; `undefined` while all is well. */
  observe(event: DiskEvent, disk: DiskView): string | undefined;
}

export type RuleFactory = () => Rule;
