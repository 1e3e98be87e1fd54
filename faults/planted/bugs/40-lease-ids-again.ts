import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 40,
  what: "lease ids start again after a restart",
  letters: ["S", "C*"],
  patches: [
    {
      file: "src/queue/lease-id.ts",
      search: `Buffer.from(random.bytes(prefixBytes)).toString("hex")`,
      replace: `Buffer.from(random.bytes(prefixBytes).fill(7)).toString("hex")`,
    },
  ],
};
