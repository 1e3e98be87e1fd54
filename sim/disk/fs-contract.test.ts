import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NodeFs } from "../../src/env/node-fs.ts";
import { scheduledCompletions } from "../scheduled-completions.ts";
import { Scheduler } from "../scheduler.ts";
import { SimulatedDisk } from "./disk.ts";
import { fsContract } from "./fs-contract.ts";

fsContract("the disk of this machine", async () => {
  const root = mkdtempSync(join(tmpdir(), "topics-fs-contract-"));
  return {
    fs: new NodeFs(),
    root,
    dispose: async () => {
      rmSync(root, { recursive: true, force: true });
    },
  };
});

// Without rules: the contract is about what a call does, not about when it is wise.
fsContract("a simulated disk", async () => {
  const disk = new SimulatedDisk({ directories: ["/data"], rules: [] });
  return {
    fs: disk.fs(),
    root: "/data",
    dispose: () => Promise.resolve(),
  };
});

fsContract("a simulated disk in virtual time", async () => {
  const scheduler = new Scheduler({ seed: 1 });
  const disk = new SimulatedDisk({ directories: ["/data"], rules: [], completions: scheduledCompletions(scheduler) });
  let over = false;
  const driver = scheduler.runWhile(() => !over);
  return {
    fs: disk.fs(),
    root: "/data",
    dispose: async () => {
      over = true;
      await driver;
    },
  };
});
