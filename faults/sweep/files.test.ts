/**
 * Whole files of a data directory removed, emptied, cut short, exchanged or put back to an older state (spec 6.6, 9.2): a
 * refusal that names a file concerned, or exactly the same contents.
 */
import assert from "node:assert/strict";
import {
  coldDirectory,
  type Ending,
  type Made,
  rotatedDirectory,
  smallDirectory,
  storedDirectory,
} from "./directories.ts";
import { type Damage, judgeAll, lastFiles } from "./damage.ts";
import { exhaustive } from "./effort.ts";

const makers = {
  "a small directory": smallDirectory,
  "a directory with rotated files": rotatedDirectory,
  "a directory with segments": storedDirectory,
  "a directory with cold segments": coldDirectory,
};
const endings: readonly Ending[] = ["busy", "idle", "clean"];

function* removed({ image }: Made): Generator<Damage> {
  for (const path of image.paths) yield { what: `${path} removed`, files: [path], image: image.with(path, undefined) };
}

function* cut({ image }: Made): Generator<Damage> {
  for (const path of image.paths) {
    const bytes = image.bytes(path);
    const written = bytes.findLastIndex((byte) => byte !== 0) + 1;
    const lengths = new Set([0, 1, 16, 511, 512, 4096, written >> 1, written - 8, written, bytes.length - 1]);
    if (exhaustive) for (let length = 0; length < written; length += 8) lengths.add(length);
    for (const length of lengths) {
      if (length < 0 || length >= bytes.length) continue;
      yield { what: `${path} cut to ${length}`, files: [path], image: image.with(path, bytes.slice(0, length)) };
    }
  }
}

function* exchanged({ image }: Made): Generator<Damage> {
  for (const [at, one] of image.paths.entries())
    for (const other of image.paths.slice(at + 1)) {
      const swapped = image.with(one, image.bytes(other)).with(other, image.bytes(one));
      yield { what: `${one} and ${other} exchanged`, files: [one, other], image: swapped };
      const doubled = image.with(other, image.bytes(one));
      yield { what: `${other} replaced by ${one}`, files: [one, other], image: doubled };
    }
}

/**
 * But for the last file of a shard: an older state of that is out of reach as long as no other shard has written anything
 * since that knows better (6.2, docs/guarantees.md). In an idle directory one has.
 */
function* older({ image, earlier }: Made, ending: Ending): Generator<Damage> {
  const last = new Set(ending === "idle" ? [] : lastFiles(image));
  for (const [at, before] of earlier.entries())
    for (const path of before.paths) {
      if (!image.has(path) || last.has(path)) continue;
      const bytes = before.bytes(path);
      if (Buffer.compare(bytes, image.bytes(path)) === 0) continue;
      // A manifest of old may name what was there then.
      const files = path.endsWith("MANIFEST") ? [path, ...before.paths.filter((one) => !image.has(one))] : [path];
      yield { what: `${path} as it was at ${at}`, files, image: image.with(path, bytes) };
    }
}

for (const [name, make] of Object.entries(makers))
  for (const ending of make === coldDirectory && !exhaustive ? (["idle"] as const) : endings)
    describe(`${name}, left ${ending}`, () => {
      let made: Made;
      before(async () => {
        made = await make(ending);
      });
      for (const [what, damages] of Object.entries({ removed, cut, exchanged, older }))
        it(`loses nothing silently to files ${what}`, async function () {
          this.timeout(exhaustive ? 3_600_000 : 60_000);
          assert.ok((await judgeAll(made, damages(made, ending))).size > 0);
        });

      it("refuses when any file with a log in it, the manifest, or what that names, is removed", async () => {
        const outcomes = await judgeAll(made, removed(made));
        for (const path of made.image.paths) {
          const isLog = path.endsWith(".log") && made.image.bytes(path)[0] !== 0;
          const matters = isLog || /(MANIFEST|\.ckpt|\.seg|\.del|\/COLD)$/.test(path);
          assert.equal(outcomes.get(`${path} removed`), matters ? "refused" : "opened", path);
        }
      });
    });
