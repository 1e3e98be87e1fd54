/** The workers of a queue as a process: see worker-load.ts. */
import { answerParent } from "./child.ts";
import { runWorkers } from "./worker-load.ts";

answerParent(runWorkers);
