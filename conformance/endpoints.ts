/**
 * The endpoints of sections 2 and 7.4 as a table, so that what holds for all of them (traits/) is written once. `prepare`
 * makes whatever the sample request needs in order to succeed.
 */
import type { Profile } from "./case.ts";
import type { Context } from "./context.ts";
import { appendFields, configFields, deleteFields, diffFields, recordFields } from "./fields.ts";
import type { WrongValues } from "./fields.ts";
import type { Fields, Topic } from "./topic.ts";

export interface Endpoint {
  /** First part of the ids of its cases. */
  readonly name: string;
  readonly section: string;
  readonly profile: Profile;
  readonly method: "GET" | "PUT" | "POST" | "DELETE" | "PATCH";
  readonly path: (topic: string) => string;
  /** A request body that succeeds; absent when the endpoint takes none. */
  readonly body?: Fields;
  /** Whether a topic is named in the path. */
  readonly named: boolean;
  /** What an absent topic answers to the sample request. */
  readonly whenAbsent: number;
  /** Values of a wrong type or out of range, by field. */
  readonly wrong: WrongValues;
  /** Wraps one wrong field into a whole request body. */
  readonly wrap?: (field: string, value: unknown) => Fields;
}

export function sampleTopic(context: Context, endpoint: Endpoint): Promise<Topic> {
  return endpoint.named ? context.topic() : Promise.resolve(context.absent());
}

const onTopic = (name: string): string => `/v0/topics/${name}`;
const record = { data: 1 };

export const endpoints: readonly Endpoint[] = [
  {
    name: "put-topic",
    section: "2.5",
    profile: "core",
    method: "PUT",
    path: onTopic,
    body: { ttl_ms: 0 },
    named: true,
    whenAbsent: 201,
    wrong: configFields,
  },
  {
    name: "patch-topic",
    section: "2.5",
    profile: "beyond",
    method: "PATCH",
    path: onTopic,
    body: { ttl_ms: 0 },
    named: true,
    whenAbsent: 404,
    wrong: configFields,
  },
  {
    name: "get-topic",
    section: "2.5",
    profile: "core",
    method: "GET",
    path: onTopic,
    named: true,
    whenAbsent: 404,
    wrong: {},
  },
  {
    name: "list-topics",
    section: "2.5",
    profile: "core",
    method: "GET",
    path: () => "/v0/topics?page_size=1",
    named: false,
    whenAbsent: 200,
    wrong: {},
  },
  {
    name: "delete-topic",
    section: "2.5",
    profile: "core",
    method: "DELETE",
    path: onTopic,
    named: true,
    whenAbsent: 200,
    wrong: {},
  },
  {
    name: "append",
    section: "2.6",
    profile: "core",
    method: "POST",
    path: onTopic,
    body: { records: [record] },
    named: true,
    whenAbsent: 201,
    wrong: appendFields,
    wrap: (field, value) => ({ records: [record], [field]: value }),
  },
  {
    name: "append-record",
    section: "2.6",
    profile: "core",
    method: "POST",
    path: onTopic,
    named: true,
    whenAbsent: 201,
    wrong: recordFields,
    wrap: (field, value) => ({ records: [record, { ...record, [field]: value }] }),
  },
  {
    name: "append-config",
    section: "2.6",
    profile: "core",
    method: "POST",
    path: onTopic,
    named: true,
    whenAbsent: 201,
    wrong: configFields,
    wrap: (field, value) => ({ records: [record], config: { [field]: value } }),
  },
  {
    name: "diff",
    section: "2.7",
    profile: "core",
    method: "POST",
    path: (name) => `${onTopic(name)}/diff`,
    body: { from_seq: 0 },
    named: true,
    whenAbsent: 404,
    wrong: diffFields,
  },
  {
    name: "diff-get",
    section: "2.3",
    profile: "beyond",
    method: "GET",
    path: (name) => `${onTopic(name)}/diff?from_seq=0`,
    named: true,
    whenAbsent: 404,
    wrong: {},
  },
  {
    name: "delete-records",
    section: "2.8",
    profile: "core",
    method: "POST",
    path: (name) => `${onTopic(name)}/delete`,
    body: { before_seq: 1 },
    named: true,
    whenAbsent: 404,
    wrong: deleteFields,
    wrap: (field, value) => ({ [field]: value }),
  },
];

/** The endpoints whose sample request is one of its own, not a variation of another's. */
export const callable: readonly Endpoint[] = endpoints.filter(
  (each) => each.method === "GET" || each.method === "DELETE" || each.body !== undefined,
);
