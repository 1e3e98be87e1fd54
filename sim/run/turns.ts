/**
 * Who may be at a topic: any number of writers, or one that changes what the topic is. The order in which an engine takes
 * up calls that overlap is its own affair, and the oracle would have to guess it.
 */
interface Waiting {
  readonly alone: boolean;
  begin(): void;
}

interface Topic {
  shared: number;
  alone: boolean;
  waiting: Waiting[];
}

export class Turns {
  readonly #topics = new Map<string, Topic>();

  async shared<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#turn(name, false, work);
  }

  async alone<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#turn(name, true, work);
  }

  async #turn<T>(name: string, alone: boolean, work: () => Promise<T>): Promise<T> {
    const topic = this.#topic(name);
    await new Promise<void>((resolve) => {
      topic.waiting.push({ alone, begin: resolve });
      this.#admit(topic);
    });
    try {
      return await work();
    } finally {
      if (alone) topic.alone = false;
      else topic.shared--;
      this.#admit(topic);
    }
  }

  #admit(topic: Topic): void {
    for (let next = topic.waiting.at(0); next !== undefined; next = topic.waiting.at(0)) {
      if (topic.alone || (next.alone && topic.shared > 0)) return;
      topic.waiting.shift();
      if (next.alone) topic.alone = true;
      else topic.shared++;
      next.begin();
    }
  }

  #topic(name: string): Topic {
    const known = this.#topics.get(name);
    if (known) return known;
    const topic: Topic = { shared: 0, alone: false, waiting: [] };
    this.#topics.set(name, topic);
    return topic;
  }
}
