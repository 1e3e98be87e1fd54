/** Members of JSON objects as they were written, byte for byte: what a record's payload is held to (spec 1.1). Valid JSON only. */

/** Objects with commas between them: of each, the texts of its members. */
export function* rawObjects(text: string): Generator<ReadonlyMap<string, string>> {
  for (let at = spaceEnd(text, 0); at < text.length; at = spaceEnd(text, at + 1)) {
    const members = new Map<string, string>();
    at = spaceEnd(text, at + 1);
    while (text[at] !== "}") {
      const keyEnd = stringEnd(text, at);
      const from = spaceEnd(text, spaceEnd(text, keyEnd) + 1);
      const end = valueEnd(text, from);
      members.set(JSON.parse(text.slice(at, keyEnd)) as string, text.slice(from, end));
      at = spaceEnd(text, end);
      if (text[at] === ",") at = spaceEnd(text, at + 1);
    }
    yield members;
    at = spaceEnd(text, at + 1);
  }
}

const spaces = /[ \t\r\n]*/y;
const scalar = /[^ \t\r\n,\]}]*/y;
const structure = /["{}[\]]/g;

function spaceEnd(text: string, at: number): number {
  return matchEnd(spaces, text, at);
}

function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return at + (pattern.exec(text)?.[0].length ?? 0);
}

/** Behind the string that begins there. */
function stringEnd(text: string, at: number): number {
  for (let quote = text.indexOf('"', at + 1); ; quote = text.indexOf('"', quote + 1)) {
    let escapes = 0;
    while (text[quote - 1 - escapes] === "\\") escapes++;
    if (escapes % 2 === 0) return quote + 1;
  }
}

function valueEnd(text: string, at: number): number {
  if (text[at] === '"') return stringEnd(text, at);
  if (text[at] !== "{" && text[at] !== "[") return matchEnd(scalar, text, at);
  let depth = 0;
  for (let next = at; ;) {
    structure.lastIndex = next;
    const { index } = structure.exec(text)!;
    const character = text[index];
    if (character === '"') next = stringEnd(text, index);
    else {
      depth += character === "{" || character === "[" ? 1 : -1;
      next = index + 1;
      if (depth === 0) return next;
    }
  }
}
