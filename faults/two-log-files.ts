/** A log of two files, left by a kill when all was quiet: what the cases of damage at rest begin with. */
import { type FoundFrame, framesIn } from "./log-frames.ts";
import { standard } from "./run-case.ts";
import type { Scene } from "./scene.ts";

/** Of `d` and `f`: records 1 to 4 are in the first file, 5 and 6 in the last. */
export const twoLogFilesHold = { d: "1-6", f: "1-6" };

export async function twoLogFiles(scene: Scene): Promise<void> {
  await standard(scene);
  for (const topic of ["d", "f"]) await scene.append(topic, 1, { padBytes: 300 });
  await scene.quiet();
  await scene.restart();
  for (const topic of ["d", "f"]) await scene.append(topic, 2, { padBytes: 6000 });
  await scene.quiet();
  scene.kill();
}

/** Files with a header, oldest first. */
export function logFiles(scene: Scene): string[] {
  return scene.files(/wal-.*\.log$/).filter((path) => scene.disk.contents(path)[0] !== 0);
}

export interface Spot {
  readonly path: string;
  readonly frames: readonly FoundFrame[];
}

export function spotsOf(scene: Scene): { readonly first: Spot; readonly last: Spot } {
  const spots = logFiles(scene).map((path) => ({ path, frames: framesIn(scene.disk.contents(path)) }));
  return { first: spots[0], last: spots.at(-1)! };
}
