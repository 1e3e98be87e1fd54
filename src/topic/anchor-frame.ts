/**
 * What an anchor frame says (spec 3.3): how far links of its shard had come when it was planned. It belongs to no topic, has
 * no operation number and changes nothing: behind a loss of power it says what was there before.
 */
import { isCount, isObject, parsedPayload } from "../base/decoded-json.ts";
import type { FrameAnchor } from "../wal/commit.ts";

export interface TopicAnchor {
  readonly topicId: number;
  readonly epoch: number;
  readonly anchor: FrameAnchor;
}

export function encodeAnchors(anchors: readonly TopicAnchor[]): Buffer {
  const links = anchors.map(({ topicId, epoch, anchor }) => [topicId, epoch, anchor.source, anchor.dest]);
  return Buffer.from(JSON.stringify({ links }));
}

/** `undefined` for what `encodeAnchors` does not write. */
export function decodeAnchors(payload: Uint8Array): readonly TopicAnchor[] | undefined {
  const json = parsedPayload(payload);
  if (!isObject(json)) return undefined;
  const { links } = json;
  if (!Array.isArray(links)) return undefined;
  const anchors: TopicAnchor[] = [];
  for (const link of links as unknown[]) {
    if (!Array.isArray(link) || link.length !== 4 || !(link as unknown[]).every(isCount)) return undefined;
    const [topicId, epoch, source, dest] = link as number[];
    anchors.push({ topicId, epoch, anchor: { source, dest } });
  }
  return anchors;
}
