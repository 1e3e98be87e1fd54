/**
 * A data directory as a file of this repository (spec 6.8): JSON with every file's length and what is not zero in it, so
 * that prepared space takes none here. `data/…` are the files of the data directory, `cold/…` those of the cold one.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Contents by path. */
export type FixtureFiles = ReadonlyMap<string, Uint8Array>;

export const fixtures = ["wal-clean", "wal-killed", "segments", "cold", "shards"] as const;
export type FixtureName = (typeof fixtures)[number];

interface PackedFile {
  readonly bytes: number;
  /** Where a stretch begins, and its bytes in base64; between stretches there are zeros. */
  readonly parts: readonly (readonly [number, string])[];
}

const folder = fileURLToPath(new URL("../testdata/format-1/", import.meta.url));
/** Fewer zeros than this cost less than another stretch. */
const leastZeros = 64;

export function fixturePath(name: FixtureName, extension: "json" | "txt"): string {
  return join(folder, `${name}.${extension}`);
}

export async function readFixture(name: FixtureName): Promise<FixtureFiles> {
  const packed = JSON.parse(await readFile(fixturePath(name, "json"), "utf8")) as Record<string, PackedFile>;
  return new Map(Object.entries(packed).map(([path, file]) => [path, unpacked(file)]));
}

/** What the directory holds, in the form of `stateText`, without the remarks. */
export async function readExpected(name: FixtureName): Promise<string> {
  const text = await readFile(fixturePath(name, "txt"), "utf8");
  return text.replace(/^#.*\n/gm, "").trimEnd();
}

/** Fails when there is one already. */
export async function writeFixture(name: FixtureName, files: FixtureFiles, text: string): Promise<void> {
  const lines = [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, bytes]) => packedLine(path, bytes));
  await mkdir(folder, { recursive: true });
  await writeFile(fixturePath(name, "json"), `{\n${lines.join(",\n")}\n}\n`, { flag: "wx" });
  await writeFile(fixturePath(name, "txt"), text, { flag: "wx" });
}

/** Puts the files below `root`. */
export async function unpackFixture(files: FixtureFiles, root: string): Promise<void> {
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), bytes);
  }
}

function packedLine(path: string, bytes: Uint8Array): string {
  const parts = stretches(bytes).map(([from, to]) => JSON.stringify([from, base64(bytes, from, to)]));
  return `${JSON.stringify(path)}: { "bytes": ${bytes.length}, "parts": [${parts.join(",\n  ")}] }`;
}

function base64(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.subarray(from, to)).toString("base64");
}

function stretches(bytes: Uint8Array): [number, number][] {
  const found: [number, number][] = [];
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === 0) continue;
    const last = found.at(-1);
    if (last !== undefined && at - last[1] < leastZeros) last[1] = at + 1;
    else found.push([at, at + 1]);
  }
  return found;
}

function unpacked({ bytes, parts }: PackedFile): Uint8Array {
  const contents = new Uint8Array(bytes);
  for (const [at, text] of parts) contents.set(Buffer.from(text, "base64"), at);
  return contents;
}
