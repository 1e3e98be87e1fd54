/** The engine's work as a process: see engine-load.ts. */
import { answerParent } from "./child.ts";
import { runEngine } from "./engine-load.ts";

answerParent(runEngine);
