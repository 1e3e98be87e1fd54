/** Verifies that the cold directory is the one that the manifest names (spec 6.3). */
import { decodeColdFile } from "../../engine/cold-tier.ts";
import type { Env } from "../../env/env.ts";
import { readSmallFile } from "../../storage/atomic-file.ts";
import { coldName, joinPath } from "../../storage/layout.ts";
import { attempt } from "../attempt.ts";
import type { Finding } from "../report.ts";
import type { Survey } from "../survey.ts";

export interface ColdDeps {
  readonly env: Env;
  finding(path: string): Finding;
}

const maxBytes = 4096;

export async function verifyCold(deps: ColdDeps, found: Survey): Promise<void> {
  const { cold, coldNames, manifest } = found;
  if (cold === undefined) return;
  const finding = deps.finding(joinPath(cold, coldName));
  if (!coldNames.includes(coldName)) {
    if (manifest.coldId === undefined) finding.note("this directory never had a cold one");
    else finding.damaged("it is missing: this is not the cold directory that the manifest names");
    return;
  }
  const bytes = await attempt(finding, () => readSmallFile(deps.env.fs, joinPath(cold, coldName), maxBytes));
  if (bytes === undefined) return;
  const mark = decodeColdFile(bytes);
  if (mark === undefined) finding.damaged("it marks no cold directory that this version knows", { offset: 0 });
  else if (mark.directoryId !== manifest.directoryId)
    finding.damaged(`the cold directory belongs to directory ${mark.directoryId}`, { offset: 0 });
  else if (manifest.coldId !== undefined && mark.coldId !== manifest.coldId)
    finding.damaged("the cold directory is not the one that the manifest names", { offset: 0 });
}
