import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeEnv } from "../env/node-env.ts";
import { NameTaken, NewDirectory, removeUnfinished, unfinishedPath } from "./new-directory.ts";

describe("a new directory", () => {
  const { fs } = nodeEnv();
  let root: string;
  let target: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "topics-new-"));
    target = join(root, "made");
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it("appears by its name with all that is in it, and not before it is finished", async () => {
    const made = await NewDirectory.begin(fs, target, "tool");
    await writeFile(join(made.path, "file"), "1");
    assert.deepEqual(await readdir(root), [".made.tool.tmp"]);
    await made.finish();
    assert.deepEqual([await readdir(root), await readdir(target)], [["made"], ["file"]]);
  });

  it("takes the place of an empty one, and of nothing else", async () => {
    await mkdir(target);
    const made = await NewDirectory.begin(fs, target, "tool");
    await made.finish();
    await writeFile(join(target, "file"), "1");
    await assert.rejects(NewDirectory.begin(fs, target, "tool"), NameTaken);
    await writeFile(join(root, "plain"), "1");
    await assert.rejects(NewDirectory.begin(fs, join(root, "plain"), "tool"), NameTaken);
  });

  it("is refused at its end when somebody else has made one by that name meanwhile", async () => {
    const made = await NewDirectory.begin(fs, target, "tool");
    await mkdir(target);
    await writeFile(join(target, "theirs"), "1");
    await assert.rejects(made.finish(), NameTaken);
    await made.abandon();
    assert.deepEqual([await readdir(root), await readdir(target)], [["made"], ["theirs"]]);
  });

  it("begins empty, whatever an earlier attempt has left", async () => {
    const first = await NewDirectory.begin(fs, target, "tool");
    await writeFile(join(first.path, "left"), "1");
    const second = await NewDirectory.begin(fs, target, "tool");
    assert.equal(second.path, unfinishedPath(target, "tool"));
    assert.deepEqual(await readdir(second.path), []);
  });

  it("is not there when it is abandoned, and what others have left goes by its tag alone", async () => {
    const made = await NewDirectory.begin(fs, target, "tool");
    await writeFile(join(made.path, "file"), "1");
    await made.abandon();
    assert.deepEqual(await readdir(root), []);
    for (const [name, tag] of [
      ["one", "mine"],
      ["two", "mine"],
      ["one", "others"],
    ] as const)
      await NewDirectory.begin(fs, join(root, name), tag);
    await removeUnfinished(fs, root, "mine");
    assert.deepEqual(await readdir(root), [".one.others.tmp"]);
  });
});
