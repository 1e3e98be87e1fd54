/** `topics verify` on an image, in memory: quick enough for a sweep. */
import { noProgress } from "../../src/maintenance/progress.ts";
import type { FileReport } from "../../src/maintenance/report.ts";
import { verify, type VerifyReport } from "../../src/maintenance/verify/verify.ts";
import type { Made } from "../sweep/directories.ts";
import { frozenEnv, type Image } from "../sweep/image.ts";

export function verifyOn(image: Image, { bootId, wallMs }: Pick<Made, "bootId" | "wallMs">): Promise<VerifyReport> {
  const env = frozenEnv(image.open(), bootId, wallMs);
  return verify({ env, directory: image.directory, cold: undefined, progress: noProgress });
}

export function damagedFiles({ files }: VerifyReport): FileReport[] {
  return files.filter(({ outcome }) => outcome === "damaged");
}
