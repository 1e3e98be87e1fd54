/**
 * The order of tags in a segment: by their UTF-8 bytes, which is the order of code points. In it the tags with a prefix
 * stand together, and they can be compared as they lie in a file. JavaScript's own order differs where code units from
 * U+D800 on meet.
 */

export function compareTags(a: string, b: string): number {
  const common = Math.min(a.length, b.length);
  for (let i = 0; i < common; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return x >= 0xd800 && y >= 0xd800 ? rank(x) - rank(y) : x - y;
  }
  return a.length - b.length;
}

/** Surrogates, which stand for code points above U+FFFF, go behind all other code units. */
function rank(unit: number): number {
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

/**
 * Whether UTF-8 can carry the string. Tags are so (spec 1.1); a predicate that is not may still be asked for, and then
 * no bytes can answer.
 */
export function isWellFormed(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    const next = i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
    if (unit > 0xdbff || next < 0xdc00 || next > 0xdfff) return false;
    i++;
  }
  return true;
}
