/**
 * Which bits of an image to flip: every one where something is written, and of the zeros, which are most of a directory
 * and all alike, those next to something and a few of the others.
 */
import { Prng } from "../../sim/prng.ts";
import type { Image } from "./image.ts";

export interface Flip {
  readonly path: string;
  readonly bit: number;
}

const neighbourhood = 128;
const blankStride = 4099;

/** In bytes that hold something: all eight of each, one after another. */
export function* writtenFlips(image: Image): Generator<Flip> {
  for (const path of image.paths) {
    const bytes = image.bytes(path);
    for (let at = 0; at < bytes.length; at++) {
      if (bytes[at] === 0) continue;
      for (let bit = 0; bit < 8; bit++) yield { path, bit: at * 8 + bit };
    }
  }
}

/** In zeros: one bit of each byte that is near something, and of one in some thousand others. */
export function* blankFlips(image: Image, every: boolean): Generator<Flip> {
  for (const path of image.paths) {
    const bytes = image.bytes(path);
    const prng = new Prng(path);
    for (let at = 0, left = neighbourhood; at < bytes.length; at++) {
      if (bytes[at] !== 0) left = neighbourhood;
      else if (left-- > 0 || every || at % blankStride === 0) yield { path, bit: at * 8 + prng.below(8) };
    }
  }
}

/** One bit of each byte that holds something, by the seed. */
export function* oneFlipAByte(image: Image, seed: string): Generator<Flip> {
  const prng = new Prng(seed);
  let chosen = 0;
  let seen = 0;
  for (const flip of writtenFlips(image)) {
    if (seen++ % 8 === 0) chosen = prng.below(8);
    if (flip.bit % 8 === chosen) yield flip;
  }
}

export function flipped(image: Image, { path, bit }: Flip): Image {
  const bytes = image.bytes(path).slice();
  bytes[bit >> 3] ^= 1 << (bit & 7);
  return image.with(path, bytes);
}
