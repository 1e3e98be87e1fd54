import assert from "node:assert/strict";
import fc from "fast-check";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { File, Fs } from "../../src/env/env.ts";
import { NodeFs } from "../../src/env/node-fs.ts";
import { SimulatedDisk } from "./disk.ts";
import { outcome, outcomeSync, readAll } from "./fs-contract.ts";

const runs = 150;

const names = fc.constantFrom("a", "b", "a.tmp", "d", "d/a", "d/e", "d/e/a", "none/a");
const position = fc.oneof(fc.nat(40), fc.nat(3000), fc.constantFrom(511, 512, 4096, 9000));
const bytes = fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ minLength: 400, maxLength: 1200 }));
const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("open" as const),
      slot: fc.nat(2),
      path: names,
      mode: fc.constantFrom("read", "write", "create", "create-new"),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("write" as const),
      slot: fc.nat(2),
      parts: fc.array(bytes, { maxLength: 3 }),
      position,
      now: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("read" as const), slot: fc.nat(2), position, length: fc.nat(2000) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("truncate" as const), slot: fc.nat(2), length: position }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("datasync", "close", "fstat", "lock"), slot: fc.nat(2) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("mkdir", "rmdir", "unlink", "readdir", "stat", "syncDir"),
      path: names,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("readSync" as const), path: names, position, length: fc.nat(2000) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("rename", "link"), path: names, to: names }) },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

describe("the simulated disk against the real one", () => {
  it("gives the same results, errors and contents for any sequence of calls", async () => {
    const root = mkdtempSync(join(tmpdir(), "topics-fs-property-"));
    let run = 0;
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 40 }), async (commands) => {
          const directory = join(root, String(run++));
          mkdirSync(directory);
          // Random calls break the rules of order that storage code has to keep.
          const simulated = new SimulatedDisk({ directories: ["/data"], rules: [] });
          const expected = await play(new NodeFs(), directory, commands);
          assert.deepEqual(await play(simulated.fs(), "/data", commands), expected);
          const rebooted = simulated.powerLoss("all");
          assert.equal(rebooted.hash(), simulated.hash());
          assert.deepEqual(await contentsBelow(rebooted.fs(), "/data"), expected.at(-1));
        }),
        { numRuns: runs, seed: 20300101 },
      );
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});

/** What each command gave, and in the end everything that is there. */
async function play(fs: Fs, root: string, commands: readonly Command[]): Promise<unknown[]> {
  const files: (File | undefined)[] = [undefined, undefined, undefined];
  const results: unknown[] = [];
  for (const command of commands) results.push(await step(fs, root, files, command));
  for (const file of files) await file?.close();
  results.push(await contentsBelow(fs, root));
  return results;
}

async function step(fs: Fs, root: string, files: (File | undefined)[], command: Command): Promise<unknown> {
  if (!("slot" in command)) return named(fs, root, command);
  const file = files[command.slot];
  if (command.do === "open") {
    if (file !== undefined) return "taken";
    return outcome(
      fs.open(`${root}/${command.path}`, command.mode).then((opened) => {
        files[command.slot] = opened;
      }),
    );
  }
  if (file === undefined) return "closed";
  switch (command.do) {
    case "write": {
      let count = -1;
      const { parts, position } = command;
      const how = command.now
        ? outcomeSync(() => (count = file.writeSync(parts, position)))
        : await outcome(file.write(parts, position).then((written) => (count = written)));
      return [how, count];
    }
    case "read": {
      const into = new Uint8Array(command.length);
      let count = -1;
      const how = await outcome(file.read(into, command.position).then((read) => (count = read)));
      return [how, count, [...into]];
    }
    case "truncate":
      return outcome(file.truncate(command.length));
    case "datasync":
      return outcome(file.datasync());
    case "fstat": {
      const { kind, size } = await file.stat();
      return kind === "directory" ? kind : [kind, size];
    }
    case "lock":
      return outcome(
        fs.tryLock(file).then((locked) => {
          if (!locked) throw Object.assign(new Error("held"), { code: "held" });
        }),
      );
    default:
      files[command.slot] = undefined;
      return outcome(file.close());
  }
}

async function named(fs: Fs, root: string, command: Exclude<Command, { slot: number }>): Promise<unknown> {
  const path = `${root}/${command.path}`;
  switch (command.do) {
    case "rename":
      return outcome(fs.rename(path, `${root}/${command.to}`));
    case "link":
      return outcome(fs.link(path, `${root}/${command.to}`));
    case "readSync": {
      const into = new Uint8Array(command.length);
      let count = -1;
      const how = outcomeSync(() => (count = fs.readSync(path, into, command.position)));
      return [how, count, [...into]];
    }
    case "mkdir":
      return outcome(fs.mkdir(path));
    case "rmdir":
      return outcome(fs.rmdir(path));
    case "unlink":
      return outcome(fs.unlink(path));
    case "syncDir":
      return outcome(fs.syncDir(path));
    case "readdir":
      return outcome(fs.readdir(path).then((found) => found.sort())).then(async (how) =>
        how === "ok" ? (await fs.readdir(path)).sort() : how,
      );
    default: {
      let found: unknown;
      const how = await outcome(fs.stat(path).then((stat) => (found = stat?.kind === "file" ? stat.size : stat?.kind)));
      return [how, found];
    }
  }
}

async function contentsBelow(fs: Fs, directory: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const name of (await fs.readdir(directory)).sort()) {
    const path = `${directory}/${name}`;
    const stat = await fs.stat(path);
    if (stat?.kind === "directory") {
      found.push([name, await contentsBelow(fs, path)]);
      continue;
    }
    const file = await fs.open(path, "read");
    found.push([name, await readAll(file)]);
    await file.close();
  }
  return found;
}
