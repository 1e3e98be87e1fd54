/**
 * Reads one WAL file from front to back in bounded memory and hands over every valid frame (spec 6.2, 6.5). What ends
 * the scan is an outcome, never an exception, and never trusted to be the end of the log before all shards are heard.
 */
import type { File } from "../env/env.ts";
import type { FrameFields } from "./commit.ts";
import {
  checkFrame,
  decodeHeader,
  type ExpectedPlace,
  type Frame,
  headerBytes,
  isKnownKind,
  wholeFrame,
} from "./frame.ts";
import { Window } from "./window.ts";

export interface ScanRange {
  readonly expected: ExpectedPlace;
  /** Where the first frame begins. */
  readonly from: number;
  /** Hash that the first frame must name; `undefined` takes what it names. */
  readonly startHash: bigint | undefined;
  /** Where the successor says this file ends; `undefined` for the last file of a shard. */
  readonly declaredEnd: number | undefined;
  readonly fileBytes: number;
}

export type ScanEnd =
  /** The declared end, or nothing but zeros where the next header would be. */
  | { readonly why: "end" }
  /** A header that is not valid. */
  | { readonly why: "header"; readonly reason: string }
  /** A valid header whose frame is not. */
  | { readonly why: "body"; readonly reason: string; readonly length: number; readonly fields: FrameFields }
  /** Valid by itself but not here: a stale, misdirected or unknown frame is never explained by a torn write. */
  | { readonly why: "foreign"; readonly reason: string; readonly fields: FrameFields };

export interface Scanned {
  /** Where the good part ends, and the hash it ends with: `undefined` when none was given and no frame was read. */
  readonly end: number;
  readonly hash: bigint | undefined;
  readonly stopped: ScanEnd;
  readonly lastKind: number | undefined;
  /** The longest prepared length that a frame speaks of. */
  readonly preparedBytes: number;
}

/** What to do with a frame; a string refuses it and ends the scan as `foreign`. */
export type FrameVisitor = (frame: Frame) => string | undefined;

/** Asked before the next stretch is read; what it gives is awaited first. */
export type Breathe = () => Promise<void> | undefined;

export async function scanFrames(
  file: File,
  range: ScanRange,
  visit: FrameVisitor,
  breathe: Breathe = () => undefined,
): Promise<Scanned> {
  const window = new Window(file, range.declaredEnd ?? range.fileBytes);
  try {
    return await scan(window, range, visit, breathe);
  } finally {
    await window.close();
  }
}

async function scan(window: Window, range: ScanRange, visit: FrameVisitor, breathe: Breathe): Promise<Scanned> {
  const { expected } = range;
  const { limit } = window;
  const header = headerBytes(expected.shards);
  let position = range.from;
  let hash = range.startHash;
  let lastKind: number | undefined;
  let preparedBytes = 0;
  const stop = (stopped: ScanEnd): Scanned => ({ end: position, hash, stopped, lastKind, preparedBytes });
  const load = async (length: number): Promise<void> => {
    const pause = breathe();
    if (pause) await pause;
    await window.load(position, length);
  };

  while (position < limit) {
    if (limit - position < header) return stop({ why: "header", reason: "no room for a frame" });
    if (!window.holds(position, header)) await load(header);
    if (!window.holds(position, header)) return stop({ why: "header", reason: "the file ends early" });
    const decoded = decodeHeader(window.bytes, window.offsetOf(position), position, expected);
    if (decoded.outcome === "blank") return stop({ why: "end" });
    if (decoded.outcome === "bad") return stop({ why: "header", reason: decoded.reason });
    const { length } = decoded;
    const { fields } = decoded.frame;
    if (length > limit - position) return stop({ why: "foreign", reason: "a frame longer than what is left", fields });
    if (!window.holds(position, length)) await load(length);
    if (!window.holds(position, length)) return stop({ why: "body", reason: "the file ends early", length, fields });
    const bytes = window.slice(position, length);
    const frameHash = checkFrame(bytes);
    if (frameHash === undefined) return stop({ why: "body", reason: "frame checksum", length, fields });
    if (hash !== undefined && decoded.frame.predecessorHash !== hash)
      return stop({ why: "foreign", reason: "the frame does not follow the one before it", fields });
    if (!isKnownKind(fields.kind))
      return stop({ why: "foreign", reason: `frame kind ${fields.kind} is not known to this version`, fields });
    const refused = visit(wholeFrame(decoded.frame, bytes, frameHash));
    if (refused !== undefined) return stop({ why: "foreign", reason: refused, fields });
    hash = frameHash;
    lastKind = fields.kind;
    preparedBytes = Math.max(preparedBytes, decoded.frame.preparedBytes);
    position += length;
  }
  return stop({ why: "end" });
}
