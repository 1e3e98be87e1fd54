/**
 * Torn or corrupt (spec 6.2): what a bad place at the end of a shard's last file means. A tear leaves a 512-byte sector
 * of the frame as it was, all zero, or ends the file's content for good; any other bad frame is damage, and so is a tear
 * in a place that something later calls synced.
 */
import type { File } from "../env/env.ts";
import { readFully, ShortIoError } from "../storage/io.ts";
import { decodeHeader, type ExpectedPlace, frameAlignment, headerBytes, isZero, sectorBytes } from "./frame.ts";
import type { ScanEnd } from "./scan.ts";
import type { SyncedPlaces } from "./synced-places.ts";

export interface TailEvidence {
  /** Behind the good end there is a part that a lost or torn write explains, or nothing at all. */
  readonly torn: boolean;
  /** Where the last byte that is not zero ends; the good end when there is none behind it. */
  readonly writtenEnd: number;
}

const chunkBytes = 1 << 20;
const blank = Buffer.alloc(chunkBytes);

/**
 * Looks at everything behind `end`. Frames found there are not part of the log, but their headers still say what was
 * synced, and `places` learns it.
 */
export async function examineTail(
  file: File,
  fileBytes: number,
  end: number,
  stopped: ScanEnd,
  expected: ExpectedPlace,
  places: SyncedPlaces,
): Promise<TailEvidence> {
  const header = headerBytes(expected.shards);
  const extent = stopped.why === "body" ? stopped.length : header;
  const chunk = Buffer.allocUnsafeSlow(Math.min(chunkBytes, Math.max(0, fileBytes - end)) + header);
  let writtenEnd = end;
  let blankPart = false;
  for (let at = end; at < fileBytes;) {
    const next = Math.min(fileBytes, sectorStart(at + chunkBytes));
    const wanted = Math.min(next + header, fileBytes) - at;
    const filled = await readFully(file, chunk.subarray(0, wanted), at);
    if (filled < wanted) throw new ShortIoError("a WAL file ends before its length");
    if (at >= end + extent && blank.subarray(0, next - at).equals(chunk.subarray(0, next - at))) {
      // Most of a file is prepared and not used yet.
      at = next;
      continue;
    }
    for (let from = at; from < next;) {
      const to = Math.min(next, sectorStart(from) + sectorBytes);
      const part = chunk.subarray(from - at, to - at);
      if (isZero(part)) {
        if (from < end + extent) blankPart = true;
      } else {
        writtenEnd = from + lastNonZero(part) + 1;
        learnFrom(chunk.subarray(0, filled), from - at, to - at, at, expected, places);
      }
      from = to;
    }
    at = next;
  }
  // A sector is old or new, but a call may also have ended anywhere in one: then nothing at all follows.
  const endsInside = writtenEnd < end + extent;
  return { torn: stopped.why === "end" || (stopped.why !== "foreign" && (blankPart || endsInside)), writtenEnd };
}

/** What valid frame headers say that begin between `from` and `to` of a chunk that lies at `chunkAt` in the file. */
function learnFrom(
  chunk: Buffer,
  from: number,
  to: number,
  chunkAt: number,
  expected: ExpectedPlace,
  places: SyncedPlaces,
): void {
  const header = headerBytes(expected.shards);
  for (let at = from; at < to && at + header <= chunk.length; at += frameAlignment) {
    if (chunk[at] === 0) continue;
    const decoded = decodeHeader(chunk, at, chunkAt + at, expected);
    if (decoded.outcome === "header") decoded.frame.synced.forEach((place, shard) => places.learn(shard, place));
  }
}

function sectorStart(position: number): number {
  return position - (position % sectorBytes);
}

function lastNonZero(part: Uint8Array): number {
  let at = part.length - 1;
  while (part[at] === 0) at--;
  return at;
}
