/** Applies patches to the files of a tree. One that does not apply exactly once is refused, whatever the file is by now. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Patch } from "./bug.ts";

export class PatchRefused extends Error {
  override readonly name = "PatchRefused";
}

export function patchedText(text: string, { file, search, replace }: Patch): string {
  const at = text.indexOf(search);
  if (search === "" || at < 0) throw new PatchRefused(`${file} has no such text any more: ${firstLine(search)}`);
  if (text.includes(search, at + 1)) throw new PatchRefused(`${file} has this more than once: ${firstLine(search)}`);
  if (search === replace) throw new PatchRefused(`nothing is changed in ${file}: ${firstLine(search)}`);
  return text.slice(0, at) + replace + text.slice(at + search.length);
}

/** Every file that the patches change, as it will be; several patches may change one file. */
export function patchedFiles(root: string, patches: readonly Patch[]): Map<string, string> {
  const files = new Map<string, string>();
  for (const patch of patches) {
    const text = files.get(patch.file) ?? readFileSync(join(root, patch.file), "utf8");
    files.set(patch.file, patchedText(text, patch));
  }
  return files;
}

/** Gives what puts everything back. */
export function apply(root: string, patches: readonly Patch[]): () => void {
  const changed = patchedFiles(root, patches);
  const before = [...changed.keys()].map((file) => [file, readFileSync(join(root, file), "utf8")] as const);
  for (const [file, text] of changed) writeFileSync(join(root, file), text);
  return () => {
    for (const [file, text] of before) writeFileSync(join(root, file), text);
  };
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}
