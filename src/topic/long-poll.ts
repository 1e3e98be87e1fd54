/** Reading, and waiting for something to read (spec 2.7). */
import type { Instance } from "./instance.ts";
import type { ReadRequest, ReadResult } from "./read.ts";
import { readContents } from "./read-pipeline.ts";

export function readNow(topic: Instance, request: ReadRequest): ReadResult {
  if (topic.mode !== "live") throw topic.notFound;
  topic.lastReadMs = topic.deps.clock.nowMs();
  return readContents(topic.contents, request, topic.readClockMs(), topic.deps.blocks);
}

/** Answers as soon as the cursor can move, if only past what the reader does not want, or else when its time is up. */
export async function read(topic: Instance, request: ReadRequest): Promise<ReadResult> {
  const page = readNow(topic, request);
  return request.waitMs > 0 && standsStill(page, request) ? await poll(topic, request, page) : page;
}

async function poll(topic: Instance, request: ReadRequest, page: ReadResult): Promise<ReadResult> {
  const { clock } = topic.deps;
  const untilMs = clock.monotonicMs() + request.waitMs;
  while (standsStill(page, request) && request.signal?.aborted !== true) {
    const leftMs = untilMs - clock.monotonicMs();
    if (leftMs <= 0) return page;
    page.release();
    await topic.waiters.wait(Math.ceil(leftMs), request.signal);
    page = readNow(topic, request);
  }
  return page;
}

function standsStill(page: ReadResult, request: ReadRequest): boolean {
  return page.nextFromSeq === request.fromSeq && page.tombstone === undefined;
}
