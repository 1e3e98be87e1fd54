import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 51,
  what: "a write is committed though its body was cut short",
  letters: ["S", "C"],
  patches: [
    {
      file: "src/http/body.ts",
      search: `const onClose = (): void => settle(() => reject(new ClientGone("the request ended before its body did")));`,
      replace: "const onClose = (): void => settle(() => resolve(gather.take()));",
    },
    {
      file: "src/http/body.ts",
      search: "      this.#reject = (error) => settle(() => reject(error));",
      replace: "      this.#reject = () => settle(() => resolve(gather.take()));",
    },
  ],
};
