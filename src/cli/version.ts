/** The version of the package this runs from. */
import { readFileSync } from "node:fs";

/** From `src/cli/` and from `dist/src/cli/` alike. */
function readVersion(): string {
  for (const up of ["../../package.json", "../../../package.json"]) {
    try {
      const found = JSON.parse(readFileSync(new URL(up, import.meta.url), "utf8")) as {
        name?: string;
        version?: string;
      };
      if (found.name === "topics" && found.version) return found.version;
    } catch (error) {
      if ((error as { code?: string }).code !== "ENOENT") throw error;
    }
  }
  return "0.0.0";
}

export const version: string = readVersion();
