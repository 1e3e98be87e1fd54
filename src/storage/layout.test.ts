import assert from "node:assert/strict";
import {
  checkpointFileName,
  deleteFileName,
  parseCheckpointFileName,
  parseDeleteFileName,
  parseSegmentFileName,
  parseWalFileName,
  segmentFileName,
  walFileName,
} from "./layout.ts";

const kinds = [
  { make: segmentFileName, parse: parseSegmentFileName, name: "seg-00000007.seg" },
  { make: deleteFileName, parse: parseDeleteFileName, name: "seg-00000007.del" },
  { make: checkpointFileName, parse: parseCheckpointFileName, name: "ckpt-00000007.ckpt" },
];

describe("the names of files", () => {
  it("lead to a number and back", () => {
    for (const { make, parse, name } of kinds) {
      assert.equal(make(7), name);
      for (const number of [0, 1, 99_999_999, 100_000_000, Number.MAX_SAFE_INTEGER])
        assert.equal(parse(make(number)), number);
    }
    assert.deepEqual(parseWalFileName(walFileName(3, 12)), { shard: 3, index: 12 });
  });

  it("are nobody else's", () => {
    for (const { parse, name } of kinds) {
      const others = kinds.map((kind) => kind.name).filter((other) => other !== name);
      const near = [
        "",
        `x${name}`,
        `${name}x`,
        `${name}.tmp`,
        `${name}\n`,
        `dir/${name}`,
        name.toUpperCase(),
        name.replace("0", ""),
        name.replace("-", "-0"),
        name.replace("7", "7.5"),
        name.replace("7", "x"),
        name.replace("0000000", "-000000"),
        name.replace("00000007", "99999999999999999999"),
        walFileName(0, 7),
      ];
      for (const other of [...others, ...near]) assert.equal(parse(other), undefined, other);
    }
  });
});
