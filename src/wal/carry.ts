/**
 * What a start keeps of a tail that was never synced (spec 6.5): read from the old file again, a stretch at a time, to go
 * into the new one ahead of its header. The page cache is no witness that it is on the disk.
 */
import type { Env, File } from "../env/env.ts";
import { damage, type StartRefusal } from "../storage/refusal.ts";
import { frameKind } from "./commit.ts";
import { groupBytes } from "./config.ts";
import type { DraftArena } from "./draft-arena.ts";
import { type ExpectedPlace, type Frame, type FrameDraft } from "./frame.ts";
import { type FrameVisitor, scanFrames } from "./scan.ts";

export interface Tail {
  /** Of the frames that are kept. */
  readonly bytes: number;
  /** The hash that the log has at the tail's start. */
  readonly startHash: bigint | undefined;
}

export interface TailRange {
  readonly path: string;
  readonly expected: ExpectedPlace;
  readonly from: number;
  readonly to: number;
}

export async function measureTail(env: Env, range: TailRange): Promise<Tail> {
  let bytes = 0;
  let startHash: bigint | undefined;
  const end = await readTail(env, range, (frame) => {
    startHash ??= frame.predecessorHash;
    if (isKept(frame)) bytes += frame.length;
    return undefined;
  });
  if (end !== range.to) throw changed(range.path, end);
  return { bytes, startHash };
}

/** The kept frames in order, in batches; each batch is written before the next one is read. */
export async function* carryTail(env: Env, range: TailRange, arena: DraftArena): AsyncGenerator<readonly FrameDraft[]> {
  let from = range.from;
  while (from < range.to) {
    const batch: FrameDraft[] = [];
    let bytes = 0;
    await readTail(env, { ...range, from }, (frame) => {
      if (bytes >= groupBytes) return "enough for one batch";
      from = frame.offset + frame.length;
      bytes += frame.length;
      if (isKept(frame)) batch.push(arena.copyOf(frame.fields, frame.payload));
      return undefined;
    });
    if (bytes === 0) throw changed(range.path, from);
    yield batch;
  }
}

/** What was read once as good is not there any more: the disk's doing. */
function changed(file: string, offset: number): StartRefusal {
  return damage("a WAL file does not read the same twice", { file, offset });
}

/** A mark says what its own file's successor will say. */
function isKept(frame: Frame): boolean {
  return frame.fields.kind !== frameKind.mark;
}

/** Where reading ended. */
async function readTail(env: Env, { path, expected, from, to }: TailRange, take: FrameVisitor): Promise<number> {
  const file: File = await env.fs.open(path, "read");
  try {
    const range = { expected, from, startHash: undefined, declaredEnd: to, fileBytes: to };
    return (await scanFrames(file, range, take)).end;
  } finally {
    await file.close();
  }
}
