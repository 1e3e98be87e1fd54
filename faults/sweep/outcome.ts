/** What a start makes of an image: exactly these contents, or a refusal that names a place (spec 6.6, 9.2). */
import { StartRefusal } from "../../src/storage/refusal.ts";
import { startEngine } from "../engine-run.ts";
import { differenceOf, everythingIn } from "./contents.ts";
import type { Made } from "./directories.ts";
import { frozenEnv, Image } from "./image.ts";

export type Outcome =
  | { readonly kind: "opened"; readonly contents: string; readonly after: () => Image }
  | { readonly kind: "refused"; readonly refusal: StartRefusal };

export async function startOn(
  image: Image,
  { bootId, wallMs, cold }: Pick<Made, "bootId" | "wallMs" | "cold">,
): Promise<Outcome> {
  const fs = image.open();
  const env = frozenEnv(fs, bootId, wallMs);
  try {
    const engine = await startEngine(env, { directory: image.directory, storage: { coldDirectory: cold } });
    await engine.recover();
    return { kind: "opened", contents: await everythingIn(engine), after: () => Image.after(fs) };
  } catch (error) {
    if (error instanceof StartRefusal) return { kind: "refused", refusal: error };
    throw error;
  }
}

/** Why an outcome is not one that is allowed; `undefined` when it is. `files` are those that were damaged. */
export function objection(outcome: Outcome, expected: string, files: readonly string[]): string | undefined {
  if (outcome.kind === "opened") return differenceOf(outcome.contents, expected, files);
  const { message, place } = outcome.refusal;
  if (!place) return `a refusal without a place: ${message}`;
  // Nobody can say of a segment that is missing where it was.
  const hot = files.map((path) => path.replace("/cold/seg-", "/data/seg-"));
  return [...files, ...hot].includes(place.file) ? undefined : `a refusal that names another file: ${message}`;
}
