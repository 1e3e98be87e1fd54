/** Who wants to know that readers of a topic may see more now (spec 4, 5). Called in the same tick: whoever listens is quick. */
export type HeadListener = (topicId: number, headSeq: number) => void;

export class HeadSignals {
  readonly #listeners: HeadListener[] = [];

  listen(listener: HeadListener): void {
    this.#listeners.push(listener);
  }

  moved(topicId: number, headSeq: number): void {
    for (const listener of this.#listeners) listener(topicId, headSeq);
  }
}
