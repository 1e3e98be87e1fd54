/** The lanes of one file system by name: a thread each, from the first file opened in a lane to the last one closed. */
import { assert } from "../base/assert.ts";
import { Lane } from "./node-lane.ts";

interface Entry {
  lane: Lane;
  files: number;
}

/** A file's place in a lane. */
export interface LaneSeat {
  datasync(fd: number): Promise<void>;
  leave(): void;
}

export class Lanes {
  readonly #entries = new Map<string, Entry>();

  /** The threads at work, for tests and diagnosis. */
  threads(): ReadonlyMap<string, number> {
    return new Map([...this.#entries].map(([name, entry]) => [name, entry.lane.threadId]));
  }

  /** Starts the lane's thread if this is its first file, so that the first sync doesn't wait for it. */
  join(name: string): LaneSeat {
    const entry = this.#entries.get(name) ?? { lane: new Lane(name), files: 0 };
    this.#entries.set(name, entry);
    entry.files += 1;
    return {
      datasync: (fd) => {
        if (entry.lane.failed) entry.lane = new Lane(name);
        return entry.lane.datasync(fd);
      },
      leave: () => {
        entry.files -= 1;
        assert(entry.files >= 0, "a lane was left twice");
        if (entry.files > 0) return;
        this.#entries.delete(name);
        entry.lane.end();
      },
    };
  }
}
