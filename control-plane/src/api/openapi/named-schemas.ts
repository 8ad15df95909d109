import * as exported from '@penstock/api-schema';
import { agentRequests, ProblemDocument } from '@penstock/wire';

type Node = Readonly<Record<string, unknown>>;

/** The schemas of the API that get a name, by their canonical text. Of equal ones the shortest name is used. */
function namesByText(): Map<string, { readonly name: string; readonly schema: Node }> {
  const names = new Map<string, { readonly name: string; readonly schema: Node }>();
  const answers = agentRequests
    .filter(exported.hasAnswer)
    .map((request) => [`${capitalized(request.action)}Answer`, exported.agentRequestResponse(request)]);
  const all = Object.entries<unknown>({ ...exported, ProblemDocument, ...Object.fromEntries(answers) });
  for (const [name, schema] of all.sort(([one], [other]) => one.length - other.length)) {
    if (!/^[A-Z][a-z]/.test(name) || !isSchema(schema)) continue;
    // A request body can omit what has a default.
    for (const form of [schema, withoutDefaulted(schema)].map(asDescribed)) {
      const text = canonical(form);
      if (!names.has(text)) names.set(text, { name, schema: form });
    }
  }
  return names;
}

/** Only what is worth a name: not `Name` or `Timestamp`, which are strings. */
function isSchema(value: unknown): value is Node {
  if (typeof value !== 'object' || value === null) return false;
  const { type, allOf, anyOf, enum: values } = value as Node;
  return type === 'object' || type === 'array' || [allOf, anyOf, values].some(Array.isArray);
}

/** Moves the schemas of `document` that have a name to its components, so that generated clients have types of those names. */
export function nameSchemas(document: object): object {
  const names = namesByText();
  const used = new Map<string, Node>();
  const replace = (value: unknown, isNamed: boolean): unknown => {
    if (Array.isArray(value)) return value.map((item) => replace(item, false));
    if (typeof value !== 'object' || value === null) return value;
    const found = isNamed || !isSchema(value) ? undefined : names.get(canonical(value));
    if (found === undefined) {
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, replace(each, false)]));
    }
    used.set(found.name, found.schema);
    return { $ref: `#/components/schemas/${found.name}` };
  };
  const replaced = replace(document, true) as { readonly components?: object };
  const schemas = new Map<string, unknown>();
  // A named schema can contain others, which are then used as well.
  for (let size = -1; size !== schemas.size; ) {
    size = schemas.size;
    for (const [name, schema] of used) if (!schemas.has(name)) schemas.set(name, replace(schema, true));
  }
  const sorted = [...schemas].sort(([one], [other]) => (one < other ? -1 : 1));
  return { ...replaced, components: { ...replaced.components, schemas: Object.fromEntries(sorted) } };
}

type ObjectSchema = {
  readonly properties?: Readonly<Record<string, { readonly default?: unknown }>>;
  readonly required?: readonly string[];
};

/** A field with a default is always there for the route, but a request can omit it. */
export function withoutDefaulted(schema: unknown): Node {
  const { properties = {}, required } = schema as ObjectSchema;
  const kept = required?.filter((name) => properties[name]?.default === undefined);
  return { ...(schema as Node), ...(kept !== undefined && { required: kept }) };
}

/** JSON with sorted keys: equal for equal schemas. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1)))
      : each,
  );
}

/** As the document has it: a record of any names by its values, and a constant as the only one of its values. */
function asDescribed(value: unknown): Node {
  return described(value) as Node;
}

function described(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(described);
  if (typeof value !== 'object' || value === null) return value;
  const { patternProperties, const: constant, ...rest } = value as Node;
  const [any] = Object.values((patternProperties ?? {}) as Node);
  return {
    ...Object.fromEntries(Object.entries(rest).map(([key, each]) => [key, described(each)])),
    ...(constant !== undefined && { enum: [constant] }),
    ...(any !== undefined && { additionalProperties: described(any) }),
  };
}

const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
