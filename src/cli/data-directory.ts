/** Which directories an offline tool is about: what the command line says, or else the server's own settings (spec 7.1). */
import { settings } from "./settings.ts";

/** Without another setting in the way: an offline tool is for when something is wrong. */
export function dataDirectory(given: string | undefined): string {
  return plain(given ?? (process.env["TOPICS_DATA_DIR"] || settings.TOPICS_DATA_DIR.standard));
}

export function coldDirectory(given: string | undefined): string | undefined {
  const found = given ?? (process.env["TOPICS_COLD_DIR"] || settings.TOPICS_COLD_DIR.standard);
  return found === "" ? undefined : plain(found);
}

function plain(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, "") || "/" : path;
}
