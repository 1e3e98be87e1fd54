/**
 * A destination while the log is replayed (spec 3.3): how far it has come, and the copies that are derived for it between its
 * frames. A topic that a checkpoint holds goes the way behind the checkpoint's last sealed record once more, to find its tail.
 */
import { assert } from "../base/assert.ts";
import type { FrameAnchor, FrameFields, LogPlace } from "../wal/commit.ts";
import type { Copies } from "./copies.ts";
import type { HoleCause } from "./holes.ts";
import type { Instance } from "./instance.ts";
import type { LinkState } from "./link.ts";

export interface Way {
  /** `undefined`: no router leads here. */
  readonly link: LinkState | undefined;
  readonly head: number;
  readonly lastTs: number;
  /** Seqs up to here may have been given out. */
  readonly ceiling: number;
}

export function wayOf({ contents, ceiling, resume }: Instance): Way {
  if (resume?.way !== undefined) return { ...resume.way, ceiling: Infinity };
  const { link, headSeq, lastWriteTs } = contents;
  return { link, head: headSeq, lastTs: lastWriteTs, ceiling: ceiling.declared };
}

/** As far as copies have to be derived before the frame can be replayed; `undefined`: they are there. */
export function anchorAhead(
  topic: Instance,
  { op, anchor }: Pick<FrameFields, "op" | "anchor">,
): FrameAnchor | undefined {
  if (topic.resume !== undefined && topic.resume.way === undefined && op <= topic.resume.op) return undefined;
  return isAhead(topic, anchor) ? anchor : undefined;
}

export function isAhead(topic: Instance, anchor: FrameAnchor | undefined): boolean {
  const { link } = wayOf(topic);
  return anchor !== undefined && link !== undefined && anchor.source > link.cursor;
}

/** Copies that come next; `sourcePlace`: their source's frames lie at or behind it. */
export function derive(topic: Instance, copies: Copies, place: LogPlace, sourcePlace: LogPlace): void {
  const { contents, resume } = topic;
  const { head, lastTs } = wayOf(topic);
  const { through } = copies;
  if (copies.count === 0) {
    if (resume?.way !== undefined) resume.pass(head, through);
    else contents.applyDerivedMove(through);
    return;
  }
  const planned = copies.plan(head + 1, lastTs);
  const entry = planned.write(Buffer.allocUnsafe(planned.layout.payloadBytes));
  const origin = { place, sourcePlace, op: topic.op };
  if (resume?.way !== undefined) resume.derive(contents, head + 1, entry, { ...origin, op: resume.seen });
  else contents.applyDerived(planned.lastTs, head + 1, entry, origin);
}

/** Source records up to `through` are lost, and what the seqs up to `dest` were cannot be known. */
export function passLost(topic: Instance, dest: number, through: number, cause: HoleCause): void {
  const { contents, resume } = topic;
  const { head, lastTs } = wayOf(topic);
  assert(dest >= head, "nothing is passed twice");
  if (resume?.way !== undefined) resume.pass(dest, through);
  else if (dest > head) contents.applyHole(lastTs, { from: head + 1, to: dest, cause }, through);
  else contents.applyDerivedMove(through);
}
