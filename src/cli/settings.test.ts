/** Settings from the environment (spec 7.1): what is taken, and what stops the start. */
import assert from "node:assert/strict";
import { readSettings, SettingError } from "./settings.ts";

describe("settings", () => {
  const hosts = (text: string): readonly string[] =>
    readSettings({ TOPICS_ALLOWED_HOSTS: text }, {}).settings.TOPICS_ALLOWED_HOSTS;

  it("take host names separated by commas, blanks around them or not", () => {
    assert.deepEqual(hosts(""), []);
    assert.deepEqual(hosts("topics.example"), ["topics.example"]);
    assert.deepEqual(hosts(" a_b , 10.0.0.1,,[fd00::1]"), ["a_b", "10.0.0.1", "[fd00::1]"]);
  });

  for (const text of ["*", "topics.example:4000", "http://topics.example", "a b", "fd00::1", "é.example"]) {
    it(`refuse ${text} as a host name, and say where it stands`, () => {
      assert.throws(
        () => hosts(text),
        (error: unknown) => error instanceof SettingError && error.message.includes("TOPICS_ALLOWED_HOSTS"),
      );
    });
  }

  it("keep keys as hashes, and show none of them", () => {
    const { settings } = readSettings({ TOPICS_API_KEYS: "s3cret:r,other" }, {});
    assert.equal(settings.TOPICS_API_KEYS.size, 2);
    assert.equal(String(settings.TOPICS_API_KEYS), "(2 hidden)");
  });

  it("refuse a malformed key without a word of it", () => {
    assert.throws(
      () => readSettings({ TOPICS_API_KEYS: "good,s3cret:rx" }, {}),
      (error: unknown) =>
        error instanceof SettingError &&
        /entry 2 of TOPICS_API_KEYS/.test(error.message) &&
        !/s3cret/.test(error.message),
    );
  });
});
