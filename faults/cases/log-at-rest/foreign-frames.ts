/**
 * Frames that are whole, with hashes that fit, and don't belong where they are or say what this version does not know (spec
 * 6.2): refused by name, never skipped and never taken for the end.
 */
import { type FaultCase, faultCases } from "../../fault-case.ts";
import { headerRewritten, rewritten } from "../../log-frames.ts";
import type { Scene } from "../../scene.ts";
import { spotsOf, twoLogFiles, twoLogFilesHold } from "../../two-log-files.ts";

const refused = {
  section: "6.2",
  prepare: twoLogFiles,
  permits: "The start is refused, naming file and offset",
  outcome: { refuses: "damage", holds: twoLogFilesHold },
} as const;

/** Of the last file's frames the first that has records of `d`. */
function patch(scene: Scene, what: string, change: (frame: DataView) => void): void {
  const { path, frames } = spotsOf(scene).last;
  const { offset } = frames.find(({ fields }) => fields.topicId === 1)!;
  scene.damage(path, `the frame at ${offset}: ${what}`, rewritten(offset, change), offset);
}

export const cases: readonly FaultCase[] = faultCases([
  {
    ...refused,
    name: "wal-frame-of-an-unknown-kind",
    what: "A frame of a kind that no version knows, with records behind it",
    run: async (scene) => patch(scene, "kind 99", (frame) => frame.setUint8(8, 99)),
    guards: [17],
  },
  {
    ...refused,
    name: "wal-last-frame-of-an-unknown-kind",
    what: "The last frame is of a kind that no version knows",
    run: async (scene) => {
      const { path, frames } = spotsOf(scene).last;
      const { offset } = frames.at(-1)!;
      scene.damage(
        path,
        `the frame at ${offset}: kind 99`,
        rewritten(offset, (frame) => frame.setUint8(8, 99)),
        offset,
      );
    },
    guards: [17],
  },
  {
    ...refused,
    name: "wal-frame-of-a-foreign-topic",
    what: "A frame names a topic that nobody has created",
    run: async (scene) => patch(scene, "topic 77", (frame) => frame.setUint32(40, 77, true)),
  },
  {
    ...refused,
    name: "wal-frame-of-another-epoch",
    what: "A frame names another instance of its topic",
    run: async (scene) => patch(scene, "epoch 9", (frame) => frame.setUint32(44, 9, true)),
  },
  {
    ...refused,
    name: "wal-frame-with-a-missing-operation",
    what: "A frame's operation number leaves one out",
    run: async (scene) =>
      patch(scene, "its operation number plus 1", (frame) => frame.setUint32(48, frame.getUint32(48, true) + 1, true)),
  },
  {
    ...refused,
    name: "wal-frame-repeats-an-operation",
    what: "A frame's operation number is that of the one before",
    run: async (scene) =>
      patch(scene, "its operation number less 1", (frame) => frame.setUint32(48, frame.getUint32(48, true) - 1, true)),
  },
  {
    ...refused,
    name: "wal-frame-of-another-file",
    what: "A frame says that it belongs to another file of the same shard",
    run: async (scene) => patch(scene, "file index 1", (frame) => frame.setUint32(16, 1, true)),
  },
  {
    ...refused,
    name: "wal-frame-does-not-follow",
    what: "A frame names another hash than that of the frame before it, as a stale one would",
    run: async (scene) => patch(scene, "another predecessor", (frame) => frame.setUint32(32, 0x1234567, true)),
  },
  {
    ...refused,
    name: "wal-frame-of-a-foreign-file",
    what: "The last file belongs to another data directory",
    run: async (scene) =>
      scene.damage(
        spotsOf(scene).last.path,
        "another directory's id",
        headerRewritten((header) => header.setUint32(16, 0xabcdef, true)),
      ),
    permits: "The start is refused, naming the file",
  },
  {
    ...refused,
    name: "wal-future-version",
    what: "The last file says that a later version has written it",
    run: async (scene) =>
      scene.damage(
        spotsOf(scene).last.path,
        "format version 2",
        headerRewritten((header) => header.setUint32(8, 2, true)),
      ),
    permits: "The start is refused by name, never guessed at",
    outcome: { refuses: "version", holds: twoLogFilesHold },
    guards: [17],
  },
  {
    ...refused,
    name: "wal-unknown-checksum",
    what: "The last file says that another checksum is used",
    run: async (scene) =>
      scene.damage(
        spotsOf(scene).last.path,
        "checksum algorithm 2",
        headerRewritten((header) => header.setUint32(12, 2, true)),
      ),
    permits: "The start is refused by name, never guessed at",
    outcome: { refuses: "version", holds: twoLogFilesHold },
    guards: [17],
  },
  {
    ...refused,
    name: "wal-successor-declares-another-end",
    what: "The last file declares an end of its predecessor that lies in the middle of a frame",
    run: async (scene) =>
      scene.damage(
        spotsOf(scene).last.path,
        "the predecessor's end less 64",
        headerRewritten((header) => header.setUint32(80, header.getUint32(80, true) - 64, true)),
      ),
    permits: "The start is refused: what it calls the end is none",
    outcome: { refuses: "damage", file: "/data/wal-00-00000001.log", holds: twoLogFilesHold },
  },
  {
    ...refused,
    name: "wal-configuration-with-an-unknown-field",
    what: "A topic's configuration has a field that this version does not know",
    run: async (scene) => configuration(scene, '"capRecords"', '"xapRecords"'),
    guards: [17],
  },
  {
    ...refused,
    name: "wal-configuration-with-an-unknown-class",
    what: "A topic's configuration names a commit class that this version does not know",
    run: async (scene) => configuration(scene, '"disk"', '"dust"'),
    guards: [17],
  },
]);

/** Of the same length, in the payload of the frame that creates `d`. */
function configuration(scene: Scene, text: string, other: string): void {
  const { path, frames } = spotsOf(scene).first;
  const { offset, length } = frames.find(({ fields }) => fields.kind === 16)!;
  const change = rewritten(offset, (frame) => {
    const bytes = Buffer.from(frame.buffer, frame.byteOffset, length);
    bytes.write(other, bytes.indexOf(text));
  });
  scene.damage(path, `the frame at ${offset}: ${other} for ${text}`, change, offset);
}
