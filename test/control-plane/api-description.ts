import assert from 'node:assert/strict';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { ValueSchema } from '../rig/schema-value.ts';

export type Role = 'viewer' | 'operator' | 'admin';

type Content = Readonly<Record<string, { readonly schema: ValueSchema }>>;

type DescribedOperation = {
  readonly 'x-penstock-role'?: Role;
  readonly parameters?: readonly {
    readonly in: 'path' | 'query' | 'header';
    readonly name: string;
    readonly required?: boolean;
    readonly schema: ValueSchema;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
};

/** A method of a path in the OpenAPI document. */
export type Operation = DescribedOperation & { readonly method: string; readonly path: string };

export type Answered = { readonly status: number; readonly type: string; readonly text: string };

/** Returns all operations in the OpenAPI document of a gateway. */
export async function describedOperations(port: number): Promise<readonly Operation[]> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/openapi.json`, {
    headers: { connection: 'close' },
  });
  const document = (await answer.json()) as object;
  const { paths } = withoutReferences(document, document) as {
    paths: Record<string, Record<string, DescribedOperation>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path,
    })),
  );
}

/** The document with the schemas in place of references to them: a validator gets one schema, without the rest. */
function withoutReferences(value: unknown, document: object): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutReferences(item, document));
  if (typeof value !== 'object' || value === null) return value;
  const reference: unknown = Reflect.get(value, '$ref');
  if (typeof reference === 'string' && reference.startsWith('#/')) {
    const steps = reference.slice(2).split('/');
    const found = steps.reduce<unknown>((at, step) => Reflect.get(Object(at), step), document);
    return withoutReferences(found, document);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, below]) => [key, withoutReferences(below, document)]),
  );
}

const ajv = new Ajv2020({ strict: false, formats: { 'date-time': /^\d{4}-\d\d-\d\dT[\d:.]+Z$/ } });
const validators = new WeakMap<object, ValidateFunction>();

/** Asserts that the OpenAPI document has the status, the media type and the schema of a response. */
export function assertDescribed(operation: Operation, { status, type, text }: Answered): void {
  const route = `${operation.method} ${operation.path}`;
  const { responses } = operation;
  const response = responses[String(status)] ?? responses[`${String(status)[0]}XX`];
  assert.ok(response, `${route} answers ${status}, which is not documented: ${text.slice(0, 300)}`);
  const media = type.split(';')[0] ?? '';
  const described = response.content?.[media];
  assert.ok(described, `${route} answers ${status} as ${media}, which is not documented`);
  if (!media.endsWith('json')) return;
  let validate = validators.get(described.schema);
  if (validate === undefined) {
    validate = ajv.compile(described.schema);
    validators.set(described.schema, validate);
  }
  assert.ok(
    validate(JSON.parse(text)),
    `${route} answers ${status} with undocumented content: ${ajv.errorsText(validate.errors)} in ${text.slice(0, 500)}`,
  );
}
