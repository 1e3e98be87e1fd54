/** The load driver as a process: see load.ts. */
import { answerParent } from "./child.ts";
import { runLoad } from "./load.ts";

answerParent(runLoad);
