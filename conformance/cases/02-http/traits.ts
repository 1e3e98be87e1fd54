/** Traits applied to every endpoint of the table: request body, field types, answer, authentication. */
import { suite } from "../../case.ts";
import type { Case } from "../../case.ts";
import { callable, endpoints } from "../../endpoints.ts";
import { answerTrait, authTrait } from "../../traits/answer.ts";
import { fieldsTrait, requestTrait } from "../../traits/request.ts";

export const cases: readonly Case[] = [
  ...endpoints.flatMap((endpoint) => {
    const made = suite(endpoint.name, endpoint.section);
    fieldsTrait(made, endpoint);
    return made.cases;
  }),
  ...callable.flatMap((endpoint) => {
    const made = suite(endpoint.name, endpoint.section);
    requestTrait(made, endpoint);
    answerTrait(made, endpoint);
    return made.cases;
  }),
  ...endpoints.flatMap((endpoint) => {
    if (endpoint.kind === "part") return [];
    const made = suite(endpoint.name, endpoint.section);
    authTrait(made, endpoint);
    return made.cases;
  }),
];
