/**
 * A copy of the source tree to spoil: in a temporary directory, with node_modules linked. The tree itself is never touched,
 * and nothing in it knows of planted bugs.
 */
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Patch } from "./bug.ts";
import { apply } from "./patch.ts";

export const root = join(import.meta.dirname, "../..").replace(/[\\/]dist$/, "");

const copied = ["src", "sim", "faults", "conformance", "docs", "package.json", "tsconfig.json"];

export class Workshop {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static open(): Workshop {
    const directory = mkdtempSync(join(tmpdir(), "topics-planted-"));
    for (const name of copied) {
      const from = join(root, name);
      if (existsSync(from)) cpSync(from, join(directory, name), { recursive: true });
    }
    symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
    return new Workshop(directory);
  }

  /** The copy is patched while `work` goes on. */
  async patched<T>(patches: readonly Patch[], work: (directory: string) => Promise<T>): Promise<T> {
    const restore = apply(this.directory, patches);
    try {
      return await work(this.directory);
    } finally {
      restore();
    }
  }

  close(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
