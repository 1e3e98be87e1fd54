/** Arbitraries for JSON texts, with odd spacing, odd escapes, odd numbers, repeated keys: valid, but never tidy. */
import fc from "fast-check";

const space = fc.oneof(
  { weight: 6, arbitrary: fc.constant("") },
  fc.string({ unit: fc.constantFrom(" ", "\t", "\n", "\r"), maxLength: 3 }),
);

const hex4 = fc.integer({ min: 0, max: 0xffff }).map((code) => `\\u${code.toString(16).padStart(4, "0")}`);

const character = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("a", "b", "/", "~", "\u007f", "é", "\u2028", "日", "😀", "\u{10ffff}") },
  fc.constantFrom('\\"', "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t", "\\ud83d\\ude00", "\\ud800", "\\uDC00"),
  hex4,
);

/** A string with its quotes. */
export const stringText: fc.Arbitrary<string> = fc
  .string({ unit: character, maxLength: 12 })
  .map((inside) => `"${inside}"`);

/** The same string with any of its characters escaped. */
export function spelled(text: string): fc.Arbitrary<string> {
  return fc.array(fc.boolean(), { minLength: text.length, maxLength: text.length }).map((escaped) => {
    const characters = [...text].map((plain, i) =>
      escaped[i] ? `\\u${plain.charCodeAt(0).toString(16).padStart(4, "0")}` : plain,
    );
    return `"${characters.join("")}"`;
  });
}

export const numberText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("0", "-0", "1.0", "1e400", "-1E-7", "12345678901234567890", "9007199254740993", "0.0e+0"),
  fc.maxSafeInteger().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
);

export function arrayText(item: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> {
  const spaced = fc.tuple(space, item, space).map((texts) => texts.join(""));
  return fc.tuple(space, fc.array(spaced, { maxLength })).map(([inside, items]) => `[${items.join(",") || inside}]`);
}

/** `member` gives a key's text and its value's. */
export function objectText(member: fc.Arbitrary<readonly [string, string]>, maxLength: number): fc.Arbitrary<string> {
  const spaced = fc
    .tuple(space, member, space, space, space)
    .map(([before, [key, value], a, b, c]) => `${before}${key}${a}:${b}${value}${c}`);
  return fc.tuple(space, fc.array(spaced, { maxLength })).map(([inside, all]) => `{${all.join(",") || inside}}`);
}

const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom("null", "true", "false"),
    numberText,
    stringText,
    arrayText(tie("value"), 4),
    objectText(fc.tuple(fc.oneof(fc.constantFrom('"a"', '"\\u0061"', '"__proto__"'), stringText), tie("value")), 4),
  ),
}));

export const jsonText: fc.Arbitrary<string> = value;

/** Any of these fields, in any order, perhaps repeated, keys perhaps escaped; now and then a value of the wrong kind. */
export function controlText(fields: Readonly<Record<string, fc.Arbitrary<string>>>): fc.Arbitrary<string> {
  const known = Object.entries(fields).map(([name, right]) => {
    const key = fc.oneof({ weight: 5, arbitrary: fc.constant(`"${name}"`) }, spelled(name));
    return fc.tuple(key, fc.oneof({ weight: 12, arbitrary: right }, jsonText));
  });
  const other = fc.tuple(stringText, jsonText);
  const some = fc.subarray([...known, other]).chain((chosen) => {
    if (chosen.length === 0) return fc.constant<[string, string][]>([]);
    return fc.tuple(...chosen.map((member) => member));
  });
  const shuffled = some.chain((all) => fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }));
  return fc
    .tuple(shuffled, fc.array(space, { minLength: 8, maxLength: 8 }))
    .map(([all, s]) => `{${all.map(([key, text]) => `${s[0]}${key}${s[1]}:${s[2]}${text}${s[3]}`).join(",")}}`);
}

export const recordText: fc.Arbitrary<string> = fc
  .tuple(
    controlText({
      tag: fc.oneof(stringText, fc.constant("null")),
      node: fc.oneof(stringText, fc.constant("null")),
      meta: fc.oneof(objectText(fc.tuple(stringText, jsonText), 3), fc.constant("null")),
    }),
    jsonText,
    fc.integer({ min: 0, max: 15 }),
  )
  .map(([rest, data, chance]) => {
    if (chance === 0) return rest;
    return rest.length > 2 ? `${rest.slice(0, -1)},"data":${data}}` : `{"data":${data}}`;
  });

export const bodyText: fc.Arbitrary<string> = fc
  .tuple(
    controlText({
      node: stringText,
      idempotency_key: stringText,
      create: fc.constantFrom("true", "false", "null"),
      config: objectText(fc.tuple(stringText, jsonText), 3),
      disable_backpressure: fc.constantFrom("true", "false"),
    }),
    arrayText(recordText, 4),
    space,
  )
  .map(
    ([rest, records, around]) => `${around}{"records":${records}${rest.length > 2 ? "," : ""}${rest.slice(1)}${around}`,
  );

/** Bytes of a text with a few of them replaced, inserted, removed or doubled. */
export function mutated(text: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> {
  const byte = fc.oneof(
    fc.constantFrom(...[...'{}[]",:\\ud0-.eE+tfn \n\r\t'].map((c) => c.charCodeAt(0))),
    fc.integer({ min: 0, max: 255 }),
  );
  const edit = fc.record({
    at: fc.nat(),
    kind: fc.constantFrom("put", "insert", "remove", "double"),
    byte,
    n: fc.nat(5),
  });
  return fc.tuple(text, fc.array(edit, { minLength: 1, maxLength: 3 })).map(([whole, edits]) => {
    const bytes = [...new TextEncoder().encode(whole)];
    for (const { at, kind, byte: value, n } of edits) {
      const place = at % (bytes.length + 1);
      if (kind === "put") bytes.splice(place, 1, value);
      else if (kind === "insert") bytes.splice(place, 0, value);
      else if (kind === "remove") bytes.splice(place, n);
      else bytes.splice(place, 0, ...bytes.slice(place, place + n));
    }
    return Uint8Array.from(bytes);
  });
}
