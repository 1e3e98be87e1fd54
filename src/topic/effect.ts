/** An effect that answers somebody: what is published becomes the value of a promise, a failure its rejection. */
import type { TopicsError } from "../base/errors.ts";
import type { Committed, Effect } from "./commit-queue.ts";

export interface Answering<T> {
  readonly effect: Effect;
  readonly answer: Promise<T>;
}

export function answering<T>(publish: (committed: Committed) => T, failed?: () => void): Answering<T> {
  let effect: Effect | undefined;
  const answer = new Promise<T>((resolve, reject) => {
    effect = {
      publish: (committed) => resolve(publish(committed)),
      fail: (error: TopicsError) => {
        failed?.();
        reject(error);
      },
    };
  });
  return { effect: effect!, answer };
}
