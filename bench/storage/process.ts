/** One step of a scenario as a process: it answers with one message, and is killed then, whatever it has open. */
import { steps as ackSteps } from "./acks.ts";
import { steps as checkpointSteps } from "./checkpoints.ts";
import { steps as coldReadSteps } from "./cold-reads.ts";
import { steps as deleteSteps } from "./deletes.ts";
import { steps as longTopicSteps } from "./long-topic.ts";
import { steps as manyTopicsSteps } from "./many-topics.ts";
import { steps as routerSteps } from "./routers.ts";
import type { Steps } from "./scenario.ts";
import { steps as stuckTagSteps } from "./stuck-tag.ts";

const all: Steps = {
  ...ackSteps,
  ...checkpointSteps,
  ...coldReadSteps,
  ...deleteSteps,
  ...longTopicSteps,
  ...manyTopicsSteps,
  ...routerSteps,
  ...stuckTagSteps,
};

process.once("message", ({ name, task }: { readonly name: string; readonly task: never }) => {
  const step = all[name];
  Promise.resolve()
    .then(() => step(task))
    .then(
      (result) => ({ result }),
      (error: unknown) => ({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
    .then((answer) => process.send!(answer, () => process.kill(process.pid, "SIGKILL")))
    .catch(() => process.exit(1));
});
