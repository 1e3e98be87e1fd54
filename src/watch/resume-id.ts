/**
 * The ids of frames (spec 4.2): base64url of the JSON map topic → cursor. Where that would be long, it is the number of a
 * stream and of a frame in its log (resume-log.ts), and then it is JSON too, an array.
 */
import { maxIdBytes, maxIdTopics } from "../base/limits.ts";
import { isTopicName } from "../base/names.ts";
import type { Cursors } from "./cursor.ts";

export type ResumeId =
  | { readonly kind: "cursors"; readonly seqs: readonly (readonly [string, number])[] }
  | { readonly kind: "frame"; readonly stream: number; readonly frame: number };

/** `undefined` when it would be too long. Names are ASCII and need no escaping. */
export function cursorsId(cursors: Cursors): string | undefined {
  if (cursors.size > maxIdTopics) return undefined;
  let text = "{";
  for (const [name, { seq }] of cursors) text += `${text.length > 1 ? "," : ""}"${name}":${seq}`;
  const id = encode(`${text}}`);
  return id.length <= maxIdBytes ? id : undefined;
}

export function frameId(stream: number, frame: number): string {
  return encode(`[${stream},${frame}]`);
}

/** `undefined` for anything that is no id: strangers' ids are ignored, never refused. */
export function parseId(text: string): ResumeId | undefined {
  if (text.length > 2 * maxIdBytes || !/^[A-Za-z0-9_-]+$/.test(text)) return undefined;
  const value = json(Buffer.from(text, "base64url").toString("utf8"));
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value)) {
    const [stream, frame] = value as unknown[];
    return value.length === 2 && isSeq(stream) && isSeq(frame) ? { kind: "frame", stream, frame } : undefined;
  }
  const seqs: [string, number][] = [];
  for (const [name, seq] of Object.entries(value)) {
    if (!isTopicName(name) || !isSeq(seq)) return undefined;
    seqs.push([name, seq]);
  }
  return { kind: "cursors", seqs };
}

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function encode(text: string): string {
  return Buffer.from(text, "latin1").toString("base64url");
}
