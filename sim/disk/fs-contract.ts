/**
 * What any `Fs` of env.ts does, as a suite over a factory: it runs on the real disk and on the simulated one (spec 8.1),
 * so that what holds on the one holds on the other.
 */
import assert from "node:assert/strict";
import type { File, Fs, OpenMode } from "../../src/env/env.ts";
import { errnoOf } from "../../src/env/env.ts";

export interface ContractFixture {
  readonly fs: Fs;
  /** An empty directory. */
  readonly root: string;
  dispose(): Promise<void>;
}

export type ContractFactory = () => Promise<ContractFixture>;

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export async function readAll(file: File): Promise<string> {
  const { size } = await file.stat();
  const into = new Uint8Array(size + 8);
  let at = 0;
  for (;;) {
    const count = await file.read(into.subarray(at), at);
    if (count === 0) return new TextDecoder("latin1").decode(into.subarray(0, at));
    at += count;
  }
}

/** The errno of a call that fails, "ok" of one that doesn't. */
export async function outcome(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "ok",
    (error: unknown) => errnoOf(error) ?? String(error),
  );
}

/** The same for a call that may throw. */
export function outcomeSync(call: () => unknown): string {
  try {
    call();
    return "ok";
  } catch (error) {
    return errnoOf(error) ?? String(error);
  }
}

export function fsContract(name: string, make: ContractFactory): void {
  describe(`the file system contract on ${name}`, () => {
    let fixture: ContractFixture;
    let fs: Fs;
    const at = (path: string): string => `${fixture.root}/${path}`;
    const open = (path: string, mode: OpenMode): Promise<File> => fs.open(at(path), mode);
    const create = async (path: string, content = ""): Promise<void> => {
      const file = await open(path, "create-new");
      await file.write([text(content)], 0);
      await file.close();
    };
    const contents = async (path: string): Promise<string> => {
      const file = await open(path, "read");
      const found = await readAll(file);
      await file.close();
      return found;
    };
    beforeEach(async () => {
      fixture = await make();
      fs = fixture.fs;
    });
    afterEach(() => fixture.dispose());

    it("opens by mode", async () => {
      for (const mode of ["read", "write"] as const) assert.equal(await outcome(open("absent", mode)), "ENOENT");
      for (const mode of ["create", "create-new"] as const) await (await open(mode, mode)).close();
      await create("full", "content");
      assert.equal(await outcome(open("full", "create-new")), "EEXIST");
      for (const mode of ["read", "write", "create"] as const) {
        const file = await open("full", mode);
        assert.equal(await readAll(file), "content");
        await file.close();
      }
      assert.equal(await outcome(open("full/below", "create")), "ENOTDIR");
      assert.equal(await outcome(open("absent/below", "create")), "ENOENT");
      assert.equal(await outcome(open("x".repeat(256), "create")), "ENAMETOOLONG");
    });

    it("writes only through files opened for it", async () => {
      await create("file", "old");
      const file = await open("file", "read");
      assert.equal(await outcome(file.write([text("new")], 0)), "EBADF");
      assert.equal(
        outcomeSync(() => file.writeSync([text("new")], 0)),
        "EBADF",
      );
      assert.equal(await outcome(file.truncate(0)), "EINVAL");
      await file.close();
      assert.equal(await contents("file"), "old");
    });

    it("writes gathered parts at a position, on either thread, and fills gaps with zeros", async () => {
      const file = await open("file", "create");
      assert.equal(await file.write([text("ab"), text(""), text("cd")], 2), 4);
      assert.equal(file.writeSync([text("X")], 3), 1);
      assert.equal(file.writeSync([text("e"), text("f")], 8), 2);
      assert.equal(file.writeSync([], 4), 0);
      assert.equal(await file.write([], 4), 0);
      assert.equal(await readAll(file), "\0\0aXcd\0\0ef");
      await file.close();
    });

    it("reads up to the end and nothing behind it", async () => {
      await create("file", "0123456789");
      const file = await open("file", "read");
      const into = new Uint8Array(4);
      assert.equal(await file.read(into, 8), 2);
      assert.equal(await file.read(into, 10), 0);
      assert.equal(await file.read(into, 5000), 0);
      assert.equal(await file.read(new Uint8Array(0), 0), 0);
      await file.close();
    });

    it("cuts and extends with zeros", async () => {
      const file = await open("file", "create");
      await file.write([text("0123456789")], 0);
      await file.truncate(4);
      await file.truncate(6);
      assert.equal(await readAll(file), "0123\0\0");
      await file.write([text("z")], 7);
      assert.equal(await readAll(file), "0123\0\0\0z");
      assert.equal((await file.stat()).size, 8);
      await file.close();
    });

    it("tells files by inode and birth time, across renames", async () => {
      await create("a", "12");
      const [before, file] = [await fs.stat(at("a")), await open("a", "read")];
      await fs.rename(at("a"), at("b"));
      const after = await fs.stat(at("b"));
      assert.deepEqual(after, before);
      assert.deepEqual(await file.stat(), before);
      assert.equal(before?.kind, "file");
      assert.equal(before.size, 2);
      await create("c");
      const other = await fs.stat(at("c"));
      assert.notDeepEqual([other?.inode, other?.birthtimeNs], [before.inode, before.birthtimeNs]);
      assert.equal(await fs.stat(at("a")), undefined);
      assert.equal((await fs.stat(fixture.root))?.kind, "directory");
      assert.equal(await outcome(fs.stat(at("b/below"))), "ENOTDIR");
      await file.close();
    });

    it("lists, makes and syncs directories", async () => {
      await fs.mkdir(at("sub"));
      await create("sub/one");
      await create("two");
      assert.deepEqual((await fs.readdir(fixture.root)).sort(), ["sub", "two"]);
      assert.deepEqual(await fs.readdir(at("sub")), ["one"]);
      await fs.syncDir(at("sub"));
      await fs.syncDir(fixture.root);
      assert.equal(await outcome(fs.mkdir(at("sub"))), "EEXIST");
      assert.equal(await outcome(fs.mkdir(at("two"))), "EEXIST");
      assert.equal(await outcome(fs.mkdir(at("absent/below"))), "ENOENT");
      assert.equal(await outcome(fs.readdir(at("two"))), "ENOTDIR");
      assert.equal(await outcome(fs.readdir(at("absent"))), "ENOENT");
      assert.equal(await outcome(fs.syncDir(at("absent"))), "ENOENT");
      assert.equal(await outcome(fs.syncDir(at("two"))), "ENOTDIR");
      assert.equal(await outcome(open("sub", "create")), "EISDIR");
    });

    it("replaces by rename, and keeps what was replaced for those who have it open", async () => {
      await create("old", "old");
      await create("new", "new");
      const replaced = await open("old", "write");
      await fs.rename(at("new"), at("old"));
      assert.equal(await contents("old"), "new");
      assert.equal(await readAll(replaced), "old");
      await replaced.write([text("still writable")], 0);
      await replaced.datasync();
      await replaced.close();
      assert.equal(await contents("old"), "new");
      assert.deepEqual(await fs.readdir(fixture.root), ["old"]);
    });

    it("refuses renames that make no sense", async () => {
      for (const name of ["d", "d/e", "f"]) await fs.mkdir(at(name));
      await create("file");
      const rename = (from: string, to: string): Promise<string> => outcome(fs.rename(at(from), at(to)));
      assert.equal(await rename("absent", "x"), "ENOENT");
      assert.equal(await rename("file", "absent/x"), "ENOENT");
      assert.equal(await rename("file", "f"), "EISDIR");
      assert.equal(await rename("f", "file"), "ENOTDIR");
      assert.equal(await rename("f", "d"), "ENOTEMPTY");
      assert.equal(await rename("d", "d/e/x"), "EINVAL");
      assert.equal(await rename("d/e", "d"), "ENOTEMPTY");
      assert.equal(await rename("file", "file"), "ok");
      assert.equal(await rename("d/e", "f"), "ok");
      assert.equal(await rename("file", "f/file"), "ok");
      assert.deepEqual((await fs.readdir(fixture.root)).sort(), ["d", "f"]);
    });

    it("unlinks files, which live on while they are open", async () => {
      await create("file", "content");
      await fs.mkdir(at("sub"));
      const file = await open("file", "read");
      await fs.unlink(at("file"));
      assert.equal(await readAll(file), "content");
      await file.close();
      assert.equal(await outcome(fs.unlink(at("file"))), "ENOENT");
      assert.match(await outcome(fs.unlink(at("sub"))), /^(EISDIR|EPERM)$/);
    });

    it("removes directories that are empty, and nothing else", async () => {
      await fs.mkdir(at("sub"));
      await create("sub/file");
      const rmdir = (path: string): Promise<string> => outcome(fs.rmdir(at(path)));
      assert.equal(await rmdir("absent"), "ENOENT");
      assert.equal(await rmdir("sub"), "ENOTEMPTY");
      assert.equal(await rmdir("sub/file"), "ENOTDIR");
      await fs.unlink(at("sub/file"));
      assert.equal(await rmdir("sub"), "ok");
      assert.deepEqual(await fs.readdir(fixture.root), []);
    });

    it("gives a file a second name", async () => {
      await create("file", "content");
      await fs.mkdir(at("sub"));
      const link = (from: string, to: string): Promise<string> => outcome(fs.link(at(from), at(to)));
      assert.equal(await link("absent", "x"), "ENOENT");
      assert.equal(await link("file", "absent/x"), "ENOENT");
      assert.equal(await link("file", "file/x"), "ENOTDIR");
      assert.equal(await link("sub", "x"), "EPERM");
      assert.equal(await link("sub", "file"), "EEXIST");
      assert.equal(await link("file", "file"), "EEXIST");
      assert.equal(await link("file", "sub/other"), "ok");
      assert.equal(await link("file", "sub/other"), "EEXIST");
      assert.deepEqual(await fs.stat(at("sub/other")), await fs.stat(at("file")));
      const file = await open("file", "write");
      await file.write([text("C")], 0);
      await file.close();
      // Both names lead to one file, so there is nothing to rename.
      await fs.rename(at("file"), at("sub/other"));
      assert.deepEqual((await fs.readdir(fixture.root)).sort(), ["file", "sub"]);
      await fs.unlink(at("file"));
      assert.equal(await contents("sub/other"), "Content");
    });

    it("reads by path on the calling thread", async () => {
      await create("file", "0123456789");
      const read = (path: string, length: number, position: number): string => {
        const into = new Uint8Array(length);
        return new TextDecoder().decode(into.subarray(0, fs.readSync(at(path), into, position)));
      };
      assert.equal(read("file", 4, 3), "3456");
      assert.equal(read("file", 4, 8), "89");
      assert.equal(read("file", 4, 10), "");
      assert.equal(read("file", 4, 5000), "");
      assert.equal(read("file", 0, 0), "");
      const failing = (path: string): string => outcomeSync(() => fs.readSync(at(path), new Uint8Array(1), 0));
      assert.equal(failing("absent"), "ENOENT");
      assert.equal(failing("file/below"), "ENOTDIR");
      assert.equal(failing(""), "EISDIR");
    });

    it("gives the lock to one open file at a time", async () => {
      const first = await open("LOCK", "create");
      const second = await open("LOCK", "create");
      assert.equal(await fs.tryLock(first), true);
      assert.equal(await fs.tryLock(first), true);
      assert.equal(await fs.tryLock(second), false);
      await first.close();
      assert.equal(await fs.tryLock(second), true);
      await second.close();
    });

    it("gives a shared lock to any number of open files, and none beside an exclusive one", async () => {
      const writer = await open("LOCK", "create");
      const [first, second] = [await open("LOCK", "read"), await open("LOCK", "read")];
      assert.equal(await fs.tryLock(first, true), true);
      assert.equal(await fs.tryLock(second, true), true);
      assert.equal(await fs.tryLock(writer), false);
      await first.close();
      assert.equal(await fs.tryLock(writer), false);
      await second.close();
      assert.equal(await fs.tryLock(writer), true);
      const third = await open("LOCK", "read");
      assert.equal(await fs.tryLock(third, true), false);
      await writer.close();
      assert.equal(await fs.tryLock(third, true), true);
      await third.close();
    });

    it("takes no position that isn't one", async () => {
      const file = await open("file", "create");
      for (const position of [-1, 0.5, Number.NaN]) {
        await assert.rejects(async () => file.read(new Uint8Array(1), position), /position/);
        await assert.rejects(async () => file.write([text("x")], position), /position/);
        assert.throws(() => file.writeSync([text("x")], position), /position/);
        assert.throws(() => fs.readSync(at("file"), new Uint8Array(1), position), /position/);
      }
      await file.close();
    });

    it("answers every call on a closed file with a failed assertion", async () => {
      const file = await open("file", "create");
      await file.close();
      await assert.rejects(() => file.read(new Uint8Array(1), 0), /closed/);
      await assert.rejects(() => file.datasync(), /closed/);
      await assert.rejects(() => file.close(), /closed/);
      assert.throws(() => file.writeSync([text("x")], 0), /closed/);
    });
  });
}
