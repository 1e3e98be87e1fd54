/** Whose an id is, as far as anything that was read says so: for messages. */

export class TopicNames {
  readonly #names = new Map<number, string>();

  learn(id: number, name: string): void {
    this.#names.set(id, name);
  }

  of(id: number): string | undefined {
    return this.#names.get(id);
  }
}
