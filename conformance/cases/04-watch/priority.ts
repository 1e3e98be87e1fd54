/** Effective priority, and what happens to writes under pressure (spec 4.5). */
import { suite } from "../../case.ts";
import { equal, error, ok, truth } from "../../expect.ts";
import type { Topic } from "../../topic.ts";
import type { AppendAnswer, StateAnswer } from "../../wire.ts";

const made = suite("priority", "4.5");
export const cases = made.cases;
const { beyond, managed } = made;

/** Half a minute is half of it: a case takes a few seconds at most. */
const recent = { least: 400, most: 500 };

async function untouched(topic: Topic): Promise<number> {
  return ok<StateAnswer>(await topic.get("?touch=false")).effective_priority;
}

function isRecent(priority: number, more: number, when: string): void {
  const { least, most } = recent;
  truth(priority >= more + least && priority <= more + most, `effective_priority ${when} is ${priority}`);
}

beyond("never-read", "a topic that nobody has read has the priority it was given, and no more", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(1);
  equal(await untouched(topic), 0, "effective_priority");
});

beyond("recently-read", "a diff, a look at the state and a stream make a topic recently used", async (context) => {
  const [read, looked, watched] = [await context.topic(), await context.topic(), await context.topic()];
  await read.diff({});
  isRecent(await untouched(read), 0, "after a diff");
  await looked.get();
  isRecent(await untouched(looked), 0, "after a look");
  await watched.appendedNumbers(1);
  await (await context.stream({ topics: { [watched.name]: {} } })).caughtUp();
  isRecent(await untouched(watched), 0, "after a delivery");
});

beyond(
  "given",
  "a priority that is set, or auto_priority false, leaves out how recently it was used",
  async (context) => {
    const [set, off] = [await context.topic({ priority: -7 }), await context.topic({ auto_priority: false })];
    for (const topic of [set, off]) await topic.diff({});
    equal(await untouched(set), -7, "effective_priority of priority -7");
    equal(await untouched(off), 0, "effective_priority without auto_priority");
  },
);

managed("pressure", "late by more than it may be, a server refuses writes, but those that wait", async (context) => {
  const server = await context.server({ TOPICS_PRESSURE_DELAY_MS: "1" });
  const topic = server.topic("t");
  await topic.appended([{ data: 0 }], { disable_backpressure: true });
  let isOver = false;
  const wide = `[${"{},".repeat(2 << 20)}{}]`;
  const load = async (): Promise<void> => {
    while (!isOver) await topic.diff(wide);
  };
  const loads = [load(), load()];
  let written = 1;
  try {
    for (;;) {
      const reply = await topic.append({ records: [{ data: 1 }] });
      if (reply.status !== 429) {
        ok(reply);
        written++;
        continue;
      }
      const why = error(reply, 429, "throttled");
      truth(Number(reply.headers["retry-after"]) >= 1, "Retry-After");
      truth(Number(why?.["retry_after_ms"]) > 0, "detail.retry_after_ms");
      break;
    }
    const waited = await Promise.all(
      Array.from({ length: 5 }, () => topic.append({ records: [{ data: 2 }], disable_backpressure: true })),
    );
    for (const reply of waited) ok<AppendAnswer>(reply);
    equal(ok<StateAnswer>(await topic.get()).head_seq, written + 5, "head_seq");
  } finally {
    isOver = true;
    await Promise.all(loads);
  }
});
