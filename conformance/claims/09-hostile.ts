/** Section 9.3: input that means no good. */
import { type Claim, claimsOf } from "../claim.ts";

export const claims: readonly Claim[] = [
  ...claimsOf(
    "9.3",
    [
      "beyond",
      "deep and wide JSON is refused or taken, and the server goes on",
      "json/depth-million-*",
      "json/wide",
      "json/digits",
      "json/brackets-in-strings",
    ],
    ["beyond", "control numbers are strict integers", "config/strict-integer-*", "*/strict-integers"],
    [
      "beyond",
      "a control member that comes twice is 400, by any spelling",
      "*/duplicate-field",
      "json/duplicate-members",
    ],
    ["beyond", "no member sets a prototype", "*/prototype-fields", "json/prototype"],
    [
      "beyond",
      "byte order marks, UTF-16 and lone surrogates are refused where text is meant",
      "json/byte-order-mark",
      "json/utf-16",
      "json/surrogate-escapes",
      "idempotency/lone-surrogate",
      "json/utf8-control",
    ],
    ["beyond", "no tag, node or data forges a header or a line", "json/control-characters"],
    ["beyond", "paths are decoded once, names judged after that, routes case-sensitive and strict", "paths/*"],
    [
      "beyond",
      "requests that contradict themselves are 400 and end the connection",
      "framing/refused-*",
      "framing/no-host",
      "framing/garbage",
      "framing/large-headers",
    ],
    [
      "beyond",
      "nothing is committed before a whole body has come, however it is cut",
      "framing/body-cut-short",
      "framing/chunks-cut-short",
      "framing/half-closed",
      "framing/byte-at-a-time",
      "framing/split-character",
      "framing/chunked",
      "framing/get-with-body",
    ],
  ),
];
