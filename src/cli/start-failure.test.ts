import assert from "node:assert/strict";
import { damage } from "../storage/refusal.ts";
import { startFailure } from "./start-failure.ts";

const failed = (message: string, code: string): Error => Object.assign(new Error(message), { code });

describe("why a server did not start", () => {
  it("says what would help when the port is taken", () => {
    const cause = failed("listen EADDRINUSE: address already in use 127.0.0.1:4000", "EADDRINUSE");
    const text = startFailure(new Error(`cannot listen on 127.0.0.1:4000: ${cause.message}`, { cause }));
    assert.match(
      text,
      /^cannot listen on 127\.0\.0\.1:4000: another process listens there; .*--port.* \(EADDRINUSE\)$/,
    );
  });

  it("names file and place of a damage", () => {
    const text = startFailure(damage("a WAL file is damaged", { file: "/d/wal", offset: 8, topic: "t" }));
    assert.equal(text, "refused to start: a WAL file is damaged (file /d/wal, offset 8, topic t)");
  });

  it("shows no stack for what the system said, and one for a bug", () => {
    assert.equal(
      startFailure(failed("cannot write the port file /x: EACCES", "EACCES")),
      "cannot write the port file /x: EACCES",
    );
    assert.match(startFailure(new Error("oops")), /oops\n +at /);
  });
});
