import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 45,
  what: "a waiter is registered after the head check",
  letters: ["S", "C"],
  patches: [
    {
      file: "src/topic/long-poll.ts",
      search:
        "    if (page.headSeq === topic.contents.headSeq) await topic.waiters.wait(Math.ceil(leftMs), request.signal);",
      replace: `    await Promise.resolve();
    await topic.waiters.wait(Math.ceil(leftMs), request.signal);`,
    },
    {
      file: "src/watch/fan-out.ts",
      search: "    subscription.hub.add(subscription);\n",
      replace: "    this.#deps.timers.soon(() => this.#deps.timers.soon(() => subscription.hub.add(subscription)));\n",
    },
  ],
};
