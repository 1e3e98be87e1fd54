/** Frames of a watch stream as server-sent events (spec 4.2). */
import type { FrameFormat } from "../watch/frames.ts";
import { errorText, frameMembers } from "./frame-text.ts";
import { reidentified, type SseFrame, sseFrame } from "./sse-frame.ts";

export const sseFormat: FrameFormat<SseFrame> = {
  name: "sse",
  withIds: true,
  encode(frame, id) {
    if (frame.kind === "error") return sseFrame("error", [Buffer.from(errorText(frame), "utf8")], id);
    return sseFrame(frame.kind, ["{", ...frameMembers(frame), "}"], id);
  },
  withId: (frame, id) => reidentified(frame, id),
};
