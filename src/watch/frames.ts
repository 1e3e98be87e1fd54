/**
 * What a stream sends (spec 4.2, 4.4), as plain values, and the two things it needs of a transport: a format that makes
 * bytes of a frame once for all who get the same, and the outbound side of a connection.
 */
import type { ReadResult, TombstoneReason } from "../topic/read.ts";

export interface RecordFrame {
  readonly kind: "record";
  readonly topic: string;
  /** Its slices are good until the frame is encoded. */
  readonly page: ReadResult;
  /** The cursor before the read, and after it. */
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly headSeq: number;
}

export interface TombstoneFrame {
  readonly kind: "tombstone";
  readonly topic: string;
  readonly reason: TombstoneReason | "from_seq_too_old";
  readonly gapFrom: number;
  readonly gapTo: number;
  readonly earliestSeq: number;
  readonly headSeq: number;
}

export interface TopicFrame {
  readonly kind: "caught-up" | "topic-deleted";
  readonly topic: string;
  readonly headSeq: number;
}

export interface ErrorFrame {
  readonly kind: "error";
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly retryAfterMs: number | undefined;
  readonly topics: readonly string[];
}

export type StreamFrame = RecordFrame | TombstoneFrame | TopicFrame | ErrorFrame;

/** Frames as bytes. `Bytes` is the transport's own; nobody looks into it here. */
export interface FrameFormat<Bytes> {
  /** Streams of one format share their bytes. */
  readonly name: string;
  /** Whether frames carry the id to resume from. */
  readonly withIds: boolean;
  encode(frame: StreamFrame, id: string | undefined): Bytes;
  /** The same frame with another id. */
  withId(bytes: Bytes, id: string | undefined): Bytes;
}

/** The outbound side of one connection. Nothing is queued behind it: while it is full, nothing is read for it. */
export interface Outbox<Bytes> {
  readonly isOpen: boolean;
  readonly isFull: boolean;
  send(bytes: Bytes): void;
  /** Nothing will follow. */
  end(): void;
}
