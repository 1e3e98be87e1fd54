/**
 * A file that has another name is removed by one of them only when a power loss leaves it the other (spec 6.7, 8.1). A
 * backup that is being made counts on none of its own before it is finished.
 */
import { parentOf } from "../../../src/storage/layout.ts";
import { isUnfinished } from "./kept-files-stay.ts";
import type { Rule } from "../rule.ts";

export function otherNameDurable(): Rule {
  return {
    name: "a link is synced before the first name goes",
    calls: ["unlink"],
    observe: ({ type, call }, disk) => {
      if (type !== "issued" || call.name !== "unlink") return undefined;
      const others = disk.otherNames(call.path).filter((path) => !isUnfinished(parentOf(path)));
      const unsure = others.find((path) => disk.isEntered(path) === false);
      return unsure === undefined ? undefined : `a power loss may take ${unsure}`;
    },
  };
}
