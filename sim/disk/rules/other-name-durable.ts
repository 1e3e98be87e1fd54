/** A file that has another name is removed by one of them only when a power loss leaves it the other (spec 6.7, 8.1). */
import type { Rule } from "../rule.ts";

export function otherNameDurable(): Rule {
  return {
    name: "a link is synced before the first name goes",
    calls: ["unlink"],
    observe: ({ type, call }, disk) => {
      if (type !== "issued" || call.name !== "unlink") return undefined;
      const unsure = disk.otherNames(call.path).find((path) => disk.isEntered(path) === false);
      return unsure === undefined ? undefined : `a power loss may take ${unsure}`;
    },
  };
}
