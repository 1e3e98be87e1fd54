/**
 * Dumps a checkpoint (spec 6.4), a damaged one too: its sections as far as their heads follow one another. A start takes
 * nothing from a damaged checkpoint; whoever looks at one may want to know what it was.
 */
import {
  decodeFooter,
  decodeHead,
  decodeSectionHead,
  footerBytes,
  headBytes,
  sectionHeadBytes,
} from "../../checkpoint/format.ts";
import { hash64 } from "../../base/hash.ts";
import { readSegments, readTopics, readWhole, sectionKind } from "../../engine/checkpoint-codec.ts";
import type { Env, File } from "../../env/env.ts";
import { readFully } from "../../storage/io.ts";
import { configToCompactJson } from "../../topic/config-codec.ts";
import { decodeSection, type TopicSection } from "../../topic/section.ts";
import type { LogPlace } from "../../wal/commit.ts";
import { damageLine, type Field, type Line, type Output, range, stampText, timeText } from "./line.ts";

export async function dumpCheckpoint(env: Env, path: string, output: Output): Promise<void> {
  const file = await env.fs.open(path, "read");
  try {
    await dump(file, (await file.stat()).size, output);
  } finally {
    await file.close();
  }
}

async function dump(file: File, size: number, output: Output): Promise<void> {
  const first = decodeHead(await bytesAt(file, 0, Math.min(size, headBytes)));
  if (first.outcome !== "sound") return output.line(damageLine(0, headBytes, first.reason));
  const { head } = first.value;
  const { number, directoryId, stamp } = head;
  output.line({ type: "checkpoint", number, directoryId, stamp: stampText(stamp), fileBytes: size });
  let chain = first.value.chain;
  let sections = 0;
  const footerAt = size - footerBytes;
  for (let at = headBytes; at < footerAt;) {
    const next = decodeSectionHead(await bytesAt(file, at, Math.min(sectionHeadBytes, footerAt - at)), chain);
    if (next.outcome !== "sound") return output.line(damageLine(at, size - at, next.reason));
    const { kind, shard, payloadBytes, payloadHash } = next.value.head;
    const payload = await bytesAt(file, at + sectionHeadBytes, Math.min(payloadBytes, Math.max(0, footerAt - at)));
    output.line({ type: "section", at, kind, shard, bytes: payloadBytes });
    if (payload.length < payloadBytes || hash64(payload) !== payloadHash)
      output.line(damageLine(at + sectionHeadBytes, payloadBytes, "the checksum of a section does not fit"));
    else await sectionLines(kind, shard, payload, output);
    chain = next.value.chain;
    sections++;
    at += sectionHeadBytes + payloadBytes;
    await output.room();
  }
  const footer = decodeFooter(await bytesAt(file, Math.max(0, footerAt), Math.min(size, footerBytes)));
  if (footer.outcome !== "sound") output.line(damageLine(footerAt, footerBytes, footer.reason));
  else if (footer.value.sections !== sections || footer.value.fileBytes !== size || footer.value.chain !== chain)
    output.line(damageLine(footerAt, footerBytes, "the footer is not the one of this file"));
}

async function sectionLines(kind: number, shard: number, payload: Uint8Array, output: Output): Promise<void> {
  const malformed = (): void => output.line(damageLine(0, payload.length, "the section is malformed"));
  if (kind === sectionKind.whole) {
    const whole = readWhole(payload);
    if (whole === undefined) return malformed();
    const { from, synced, gone, ...rest } = whole;
    output.line({
      type: "whole",
      from: from.map(placeText),
      synced: synced.map(placeText),
      ...rest,
      gone: gone.map(({ id, op }) => `${id} at operation ${op}`),
    });
  } else if (kind === sectionKind.segments) {
    const segments = readSegments(payload);
    if (segments === undefined) return malformed();
    for (const { file, bytes, records, deletes } of segments)
      output.line({ type: "names", file, bytes, records, ...(deletes ? { deletesUpTo: deletes.bytes } : {}) });
  } else if (kind === sectionKind.topics) {
    for (const text of readTopics(payload)) {
      const section = decodeSection(text);
      if (section === undefined) malformed();
      else for (const line of topicLines(section, shard)) output.line(line);
      await output.room();
    }
  }
}

function* topicLines(section: TopicSection, shard: number): Generator<Line> {
  const { id, epoch, name, config, op, state, loggedSeq, ceiling, tail, sealedThrough, front, parts, keys } = section;
  const { head, capFloor, ttlFloor, lastWriteTs, holes } = state;
  yield {
    type: "topic",
    name,
    ...{ id, epoch, shard, op, head },
    ...(loggedSeq === head ? {} : { loggedSeq }),
    ceiling,
    ...{ capFloor, ttlFloor },
    ...(lastWriteTs === 0 ? {} : { lastWrite: timeText(lastWriteTs) }),
    config: configToCompactJson(config) as Readonly<Record<string, Field>>,
    ...(holes.length === 0 ? {} : { holes: holes.map(({ from, to, cause }) => `${range(from, to)} ${cause}`) }),
    ...(tail.count === 0 ? {} : { tail: { records: tail.count, bytes: tail.bytes, from: tail.from } }),
    ...(parts.length === 0 ? {} : { sealedThrough, front: front.seq, parts: parts.length }),
    ...(keys.length === 0
      ? {}
      : { keys: keys.map(({ key, firstSeq, lastSeq }) => `${key}: ${range(firstSeq, lastSeq)}`) }),
  };
  for (const { entry, liveCount, liveBytes } of parts)
    yield {
      type: "topic-part",
      topic: id,
      file: entry.file,
      part: entry.ordinal,
      seqs: range(entry.firstSeq, entry.lastSeq),
      records: entry.records,
      live: liveCount,
      liveBytes,
    };
}

function placeText({ index, position }: LogPlace): string {
  return `${index}@${position}`;
}

async function bytesAt(file: File, at: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, await readFully(file, bytes, at));
}
