/** How far an offline tool is, on a terminal; elsewhere nothing, and never among what is printed. */
import { SingleBar } from "cli-progress";
import { noProgress, type Progress } from "../maintenance/progress.ts";

export interface ProgressBar {
  readonly progress: Progress;
  stop(): void;
}

const format = "{bar} {percentage} %  {what}";

/** `wanted`: no when a program reads what is printed. */
export function openProgressBar(wanted: boolean): ProgressBar {
  if (!wanted || !process.stderr.isTTY) return { progress: noProgress, stop: () => undefined };
  const bar = new SingleBar({ format, stream: process.stderr, clearOnComplete: true, hideCursor: true, barsize: 30 });
  let done = 0;
  let total = 1;
  let what = "";
  bar.start(total, 0, { what });
  const show = (): void => bar.update(Math.min(done, total), { what });
  const progress: Progress = {
    expect: (bytes) => {
      total = Math.max(1, bytes);
      bar.setTotal(total);
    },
    advance: (bytes) => {
      done += bytes;
      show();
    },
    at: (path) => {
      what = path.slice(path.lastIndexOf("/") + 1);
      show();
    },
  };
  return { progress, stop: () => bar.stop() };
}
