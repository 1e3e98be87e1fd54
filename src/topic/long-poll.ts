/** Reading, and waiting for something to read (spec 2.7). */
import { TopicsError } from "../base/errors.ts";
import { SegmentDamage } from "../segment/files.ts";
import type { Instance } from "./instance.ts";
import type { ReadRequest, ReadResult } from "./read.ts";
import { readContents } from "./read-pipeline.ts";
import { SealedBlocks } from "./sealed-blocks.ts";

/** Without waiting, for the disk neither. */
export function readNow(topic: Instance, request: ReadRequest): ReadResult {
  const blocks = new SealedBlocks(topic.deps.parts, true);
  try {
    return attempt(topic, request, blocks)!;
  } catch (error) {
    throw unreadable(topic, error);
  } finally {
    blocks.release();
  }
}

/** Without waiting: `undefined` when something has to be read from the disk first. */
export function readAtHand(topic: Instance, request: ReadRequest): ReadResult | undefined {
  const blocks = new SealedBlocks(topic.deps.parts, false);
  try {
    return attempt(topic, request, blocks);
  } catch (error) {
    throw unreadable(topic, error);
  } finally {
    blocks.release();
  }
}

/** Answers as soon as the cursor can move, if only past what the reader does not want, or else when its time is up. */
export async function read(topic: Instance, request: ReadRequest): Promise<ReadResult> {
  const page = await readPage(topic, request);
  return request.waitMs > 0 && standsStill(page, request) ? await poll(topic, request, page) : page;
}

async function readPage(topic: Instance, request: ReadRequest): Promise<ReadResult> {
  const blocks = new SealedBlocks(topic.deps.parts, false);
  try {
    for (;;) {
      const page = attempt(topic, request, blocks);
      if (page !== undefined) return page;
      await fetch(topic, blocks);
    }
  } finally {
    blocks.release();
  }
}

/** What is damaged may still be in the log: then a sound part has taken its place by now. */
export async function fetch(topic: Instance, blocks: SealedBlocks): Promise<void> {
  try {
    await blocks.fetch(topic.contents.retained.sealed);
  } catch (error) {
    const failure = unreadable(topic, error);
    if (!isLost(error) || blocks.damaged === undefined || !(await topic.deps.rescue(topic.identity.id, blocks.damaged)))
      throw failure;
  }
}

function attempt(topic: Instance, request: ReadRequest, blocks: SealedBlocks): ReadResult | undefined {
  if (topic.mode !== "live") throw topic.notFound;
  topic.lastReadMs = topic.deps.clock.nowMs();
  return readContents(topic.contents, request, topic.readClockMs(), topic.deps.blocks, blocks);
}

async function poll(topic: Instance, request: ReadRequest, page: ReadResult): Promise<ReadResult> {
  const { clock } = topic.deps;
  const untilMs = clock.monotonicMs() + request.waitMs;
  while (standsStill(page, request) && request.signal?.aborted !== true) {
    const leftMs = untilMs - clock.monotonicMs();
    if (leftMs <= 0) return page;
    page.release();
    // The head may have moved since the page was made: who waits now would not hear of it.
    if (page.headSeq === topic.contents.headSeq) await topic.waiters.wait(Math.ceil(leftMs), request.signal);
    page = await readPage(topic, request);
  }
  return page;
}

function standsStill(page: ReadResult, request: ReadRequest): boolean {
  return page.nextFromSeq === request.fromSeq && page.tombstone === undefined;
}

/** Not for a passing reason: only another copy of what the range held can help. */
export function isLost(error: unknown): boolean {
  return error instanceof SegmentDamage && !error.isPassing;
}

/** A damaged range fails, and only it (spec 6.6): never served, never taken for the end of the log. */
export function unreadable(topic: Instance, error: unknown): unknown {
  if (!(error instanceof SegmentDamage)) return error;
  const { name } = topic.identity;
  if (error.isPassing)
    return new TopicsError("throttled", `${error.message}; try again`, { topic: name, retry_after_ms: 1000 });
  topic.deps.events.damaged(topic.identity.id, error);
  return new TopicsError("internal", `a segment of topic ${name} is damaged`, {
    topic: name,
    segment: error.file,
    offset: error.at,
    length: error.bytes,
  });
}
