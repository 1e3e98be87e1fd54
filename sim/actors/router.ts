/** Routers from the topics that everybody works on into topics of their own; and writes and deletes in those. */
import type { TopicConfigPatch } from "../../src/topic/config.ts";
import { Violation } from "../oracle/oracle.ts";
import type { Actor } from "../run/actor.ts";
import type { Stage } from "../run/stage.ts";
import { classes, drawTopic, isThere, tags } from "./topics.ts";

interface Doing {
  readonly source: string;
  readonly dest: string;
  readonly verb: "route" | "unroute" | "write" | "delete";
  readonly durability: (typeof classes)[number];
  readonly prefix?: string;
  readonly tag: string;
  /** Of a router: its copies have keys. */
  readonly exactlyOnce?: boolean;
  /** A destination that takes no more than so many records. */
  readonly mostRecords?: number;
}

const dests = ["into-1", "into-2", "into-3", "into-4"];

export const actor: Actor = {
  name: "router",
  // Only where the profile wants it: what a restored copy has of a destination nobody judges yet.
  weight: 0,
  plan: (prng) => ({
    source: prng.chance(15) ? prng.pick(dests) : drawTopic(prng),
    dest: prng.pick(dests),
    verb: prng.pick(["route", "route", "route", "unroute", "write", "write", "delete"]),
    durability: prng.pick(classes),
    ...(prng.chance(30) ? { prefix: prng.pick(["red", "blue"]) } : {}),
    tag: prng.pick(tags),
    ...(prng.chance(30) ? { exactlyOnce: true } : {}),
    ...(prng.chance(25) ? { mostRecords: prng.between(2, 12) } : {}),
  }),
  act: async (stage, given) => {
    const { source, dest, verb, durability, tag, mostRecords } = given as unknown as Doing;
    const { client } = stage.machine;
    const { links } = stage.oracle;
    const current = (): string | undefined =>
      links.routers.find((router) => router.dest === dest && router.state !== "gone")?.source;
    // What came to a topic by two ways is one record twice, and nobody could tell by which.
    const fromElsewhere = links.routers.filter((router) => router.dest === dest && router.source !== source);
    const isChain = [source, ...fromElsewhere.map((router) => router.source)].some((name) => dests.includes(name));
    if (source === dest || (verb === "route" && isChain && fromElsewhere.length > 0)) return;
    // In one order, whoever of both is the source: nobody waits for who waits for them.
    const [first, second] = [source, dest].sort();
    await stage.turns.alone(first, () =>
      stage.turns.alone(second, async () => {
        const answers: (string | undefined)[] = [];
        if (verb === "route") {
          if (!isThere(stage, source) || current() !== undefined) return;
          if (!isThere(stage, dest)) answers.push(await client.create(dest, durability, cappedAt(mostRecords)));
          if (isThere(stage, dest)) answers.push(await route(stage, given as unknown as Doing));
        } else if (!isThere(stage, dest)) return;
        else if (verb === "unroute") answers.push(await client.unroute(current() ?? source, dest));
        else if (verb === "write") answers.push(await client.append(dest, 2, { tag }));
        else answers.push(await client.deleteTag(dest, tag));
        stage.answered(verb, dest, answers);
      }),
    );
  },
};

function cappedAt(records: number | undefined): TopicConfigPatch {
  return records === undefined ? {} : { capRecords: records, discard: "reject" };
}

/** A way that would lead back is refused, and only that (3.2). */
async function route(stage: Stage, { source, dest, prefix, exactlyOnce }: Doing): Promise<string | undefined> {
  const leadsBack = stage.oracle.links.leads(dest, source);
  const answer = await stage.machine.client.route(source, dest, { prefix, exactlyOnce });
  if (leadsBack && answer === undefined) throw new Violation("3.2", `${source} → ${dest} is a cycle, and was made`);
  if (leadsBack === false && answer === "router_cycle")
    throw new Violation("3.2", `${source} → ${dest} is no cycle, and was refused for one`);
  if (leadsBack) stage.say("a router refused for a cycle");
  return answer;
}
