/** HTTP/2 with prior knowledge on the port of HTTP/1.1 (spec 7.6). */
import { suite } from "../../case.ts";
import { equal, ok, status } from "../../expect.ts";
import type { DiffAnswer } from "../../wire.ts";

const made = suite("h2c", "7.6");
export const cases = made.cases;
const { beyond } = made;

beyond("requests", "requests over h2c are answered, side by side", async (context) => {
  const topic = await context.topic();
  const connection = context.client({ isHttp2: true });
  const writes = await Promise.all(
    [1, 2, 3].map((data) => connection.send("POST", topic.path, { records: [{ data }] })),
  );
  for (const reply of writes) status(reply, 200);
  equal(ok<DiffAnswer>(await connection.send("POST", `${topic.path}/diff`, {})).records.length, 3, "records");
  status(await connection.send("GET", context.absent().path), 404);
});

beyond("streams", "events come over h2c too", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(1);
  const wid = await context.session({ topics: { [topic.name]: {} } });
  const stream = await context.events(`/v0/watch/${wid}`, {}, { ...context.target, isHttp2: true });
  const [first] = await stream.caughtUp();
  equal(first.event, "record", "what comes before caught-up");
});
