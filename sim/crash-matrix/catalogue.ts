/** The operations of the matrix: whatever lies in operations/. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Operation } from "./operation.ts";

export async function allOperations(): Promise<Operation[]> {
  const folder = join(import.meta.dirname, "operations");
  const files = readdirSync(folder).filter((name) => /^[a-z-]+\.(ts|js)$/.test(name));
  const found: Operation[] = [];
  for (const name of files.sort()) {
    const loaded = (await import(pathToFileURL(join(folder, name)).href)) as { operation: Operation };
    found.push(loaded.operation);
  }
  return found;
}
