/**
 * Blocks of a data directory zeroed, or two of them exchanged (spec 9.2): a refusal that names the file, or exactly the
 * same contents. The end of a shard's last file is out of reach as long as nothing else calls it synced (6.2): then zeros
 * look like a write that the crash caught. In an idle directory the marks do call it synced.
 */
import assert from "node:assert/strict";
import { type Damage, judgeAll, lastFiles } from "./damage.ts";
import {
  coldDirectory,
  type Ending,
  type Made,
  rotatedDirectory,
  smallDirectory,
  storedDirectory,
} from "./directories.ts";
import { exhaustive, sampled } from "./effort.ts";

const makers = {
  "a small directory": smallDirectory,
  "a directory with rotated files": rotatedDirectory,
  "a directory with segments": storedDirectory,
  "a directory with cold segments": coldDirectory,
};
const sizes = [512, 4096];

/** Not of the lock file: a start that takes part of it for a latch note makes holes, as after a power loss, by design. */
function* blocks({ image }: Made, ending: Ending): Generator<{ path: string; size: number; at: number }> {
  const outOfReach = new Set(ending === "idle" ? ["/data/LOCK"] : [...lastFiles(image), "/data/LOCK"]);
  for (const path of image.paths) {
    if (outOfReach.has(path)) continue;
    const bytes = image.bytes(path);
    for (const size of sizes)
      for (let at = 0; at < bytes.length; at += size)
        if (bytes.subarray(at, at + size).some((byte) => byte !== 0)) yield { path, size, at };
  }
}

function* zeroed(made: Made, ending: Ending): Generator<Damage> {
  for (const { path, size, at } of blocks(made, ending)) {
    const bytes = made.image
      .bytes(path)
      .slice()
      .fill(0, at, at + size);
    yield { what: `${size} bytes at ${at} of ${path} zeroed`, files: [path], image: made.image.with(path, bytes) };
  }
}

/** With the block behind it, and with the one that lies at its place in another file. */
function* exchanged(made: Made, ending: Ending): Generator<Damage> {
  const { image } = made;
  for (const { path, size, at } of blocks(made, ending)) {
    const bytes = image.bytes(path);
    if (at + 2 * size <= bytes.length) {
      const swapped = bytes.slice();
      swapped.copyWithin(at, at + size, at + 2 * size);
      swapped.set(bytes.subarray(at, at + size), at + size);
      yield { what: `${size} bytes at ${at} of ${path} moved on`, files: [path], image: image.with(path, swapped) };
    }
    for (const other of lastFiles(image)) {
      if (other === path) continue;
      const stray = bytes.slice();
      stray.set(image.bytes(other).subarray(at, Math.min(at + size, bytes.length)), at);
      yield { what: `${size} bytes at ${at} of ${path} from ${other}`, files: [path], image: image.with(path, stray) };
    }
  }
}

const endings = ["busy", "idle", "clean"] as const;

for (const [name, make] of Object.entries(makers))
  for (const ending of make === coldDirectory && !exhaustive ? (["idle"] as const) : endings)
    describe(`${name}, left ${ending}`, () => {
      for (const [what, damages] of Object.entries({ zeroed, exchanged }))
        it(`loses nothing silently to blocks ${what}`, async function () {
          this.timeout(exhaustive ? 600_000 : 60_000);
          const made = await make(ending);
          const every = make === smallDirectory ? 1 : 5;
          assert.ok((await judgeAll(made, sampled(damages(made, ending), every))).size > 0);
        });
    });
