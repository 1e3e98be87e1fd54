import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 58,
  what: "keys are compared byte by byte, with an early exit where the shown one ends",
  letters: ["C"],
  patches: [
    {
      file: "src/http/auth/key-ring.ts",
      search: `  return createHash("sha256").update(key, "utf8").digest();`,
      replace: "  return Buffer.from(key);",
    },
    {
      file: "src/http/auth/key-ring.ts",
      search: "      if (this.#equal(entry.digest, digest)) found = entry.grant;",
      replace: "      if (isPrefix(digest, entry.digest)) return entry.grant;",
    },
    {
      file: "src/http/auth/key-ring.ts",
      search: "function digestOf(",
      replace: `function isPrefix(shown: Uint8Array, key: Uint8Array): boolean {
  for (let at = 0; at < shown.length; at++) if (shown[at] !== key[at]) return false;
  return shown.length > 0;
}

function digestOf(`,
    },
  ],
};
