/** The endpoints of a server as it describes them itself (`GET /v0/openapi.json`): what is new there is fuzzed without a word. */

export interface Endpoint {
  readonly method: string;
  /** With `{topic}` and the like. */
  readonly path: string;
  readonly parameters: readonly string[];
}

export interface Catalogue {
  readonly endpoints: readonly Endpoint[];
  /** Every name of a field that any request knows. */
  readonly fields: readonly string[];
}

type Node = { readonly [key: string]: unknown };

export function catalogueOf(document: Node): Catalogue {
  const endpoints: Endpoint[] = [];
  const fields = new Set<string>(["records", "data"]);
  collectFields(document["components"], fields);
  for (const [path, methods] of Object.entries(document["paths"] as Node))
    for (const [method, operation] of Object.entries(methods as Node)) {
      const { parameters = [], requestBody } = operation as { parameters?: readonly Node[]; requestBody?: unknown };
      collectFields(requestBody, fields);
      const names = parameters.flatMap(({ name }) => (typeof name === "string" ? [name] : []));
      endpoints.push({ method: method.toUpperCase(), path, parameters: names });
    }
  return { endpoints, fields: [...fields] };
}

function collectFields(node: unknown, into: Set<string>): void {
  if (typeof node !== "object" || node === null) return;
  for (const [key, value] of Object.entries(node)) {
    if (key === "properties") for (const name of Object.keys(value as Node)) into.add(name);
    collectFields(value, into);
  }
}
