/** A sealed block that cannot be read, and then can again. */
import type { Topic } from "../topic.ts";
import type { World } from "./world.ts";

/** Flips a bit in the payload of the block that holds `seq`, in the first part and file; done again it is as it was. */
export async function damage(world: World, topic: Topic, seq: number): Promise<void> {
  const [part] = topic.parts;
  const { at, bytes } = part.index.extent(part.index.blockOf(seq));
  const file = await world.env.fs.open("dir/seg-00000001.seg", "write");
  const one = Buffer.alloc(1);
  await file.read(one, at + bytes - 1);
  one[0] ^= 1;
  await file.write([one], at + bytes - 1);
  await file.close();
}
