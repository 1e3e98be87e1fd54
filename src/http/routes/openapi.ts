/** `GET /v0/openapi.json` (spec 2.3): made once, when it is first asked for. */
import type { Handler } from "../call.ts";
import type { HttpDeps } from "../deps.ts";
import { type DescribedRoute, openApiDocument } from "../openapi/document.ts";
import { textReply } from "../reply.ts";

export function openApi({ config }: HttpDeps, routes: () => readonly DescribedRoute[]): Handler {
  let document: string | undefined;
  return () => textReply(200, (document ??= JSON.stringify(openApiDocument(routes(), config.version))));
}
