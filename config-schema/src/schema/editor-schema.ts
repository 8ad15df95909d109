import type { FileKind } from '../config-source.ts';
import { fieldKinds } from '../field/field-kind.ts';
import { AgentFile } from './agent-file.ts';
import { GatewayFile } from './gateway-file.ts';
import type { SchemaNode } from './schema-node.ts';

type Json = Record<string, unknown>;

export type SchemaFile = {
  /** Relative to the root of the repository. */
  readonly path: string;
  readonly content: string;
};

/** The JSON Schema files that are kept in Git and shipped, with their expected content. */
export function schemaFiles(): readonly SchemaFile[] {
  return [
    { path: 'config-schema/schemas/agent.v1.json', content: schemaText('Agent') },
    { path: 'config-schema/schemas/gateway.v1.json', content: schemaText('Gateway') },
  ];
}

/** Returns the JSON Schema of one kind of file, as text. */
export function schemaText(kind: FileKind): string {
  return `${JSON.stringify(editorSchema(kind), undefined, 2)}\n`;
}

/**
 * Returns the JSON Schema for editors: it allows references in place of values, does not require fields with defaults,
 * and has patterns in place of our parsers. Draft-07 is the latest that yaml-language-server fully supports. The loader
 * accepts nothing that this schema rejects, and checks more.
 */
export function editorSchema(kind: FileKind): Json {
  const schema: SchemaNode = kind === 'Agent' ? AgentFile : GatewayFile;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: kind === 'Agent' ? 'Penstock agent.yaml' : 'Penstock gateway.yaml',
    ...convert(schema),
    definitions: {
      reference: {
        description: 'A value from the environment or from a file.',
        type: 'string',
        pattern: '\\$\\{(env:[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?|file:[^}]+)\\}',
      },
      secret: {
        description: 'References only, because this file is kept in Git.',
        type: 'string',
        pattern: '^(\\s*\\$\\{(env:[A-Za-z_][A-Za-z0-9_]*(:-)?|file:[^}]+)\\})+\\s*$',
      },
    },
  };
}

function convert(schema: SchemaNode): Json {
  if (schema.type === 'object') return convertObject(schema);
  if (schema.type === 'array') return convertArray(schema);
  return convertScalar(schema);
}

function convertObject({ description, properties = {}, required = [], exactlyOne }: SchemaNode): Json {
  const needed = required.filter((key) => properties[key]?.default === undefined);
  return {
    description,
    type: 'object',
    additionalProperties: false,
    ...(needed.length > 0 ? { required: needed } : {}),
    ...(exactlyOne && { oneOf: exactlyOne.map((key) => ({ required: [key], properties: { [key]: {} } })) }),
    properties: Object.fromEntries(Object.entries(properties).map(([key, below]) => [key, convert(below)])),
  };
}

function convertArray({ description, default: standard, items = {}, ...schema }: SchemaNode): Json {
  const { type, minItems, maxItems, uniqueItems } = schema;
  return { description, default: standard, type, minItems, maxItems, uniqueItems, items: convert(items) };
}

function convertScalar(schema: SchemaNode): Json {
  const { description, default: standard, field, literal } = schema;
  const about = { description: describe(schema), default: standard };
  const { type, enum: words, const: word, minimum, maximum } = schema;
  const pattern = field === undefined ? undefined : fieldKinds[field.is].pattern;
  const value = { type, enum: words, const: word, minimum, maximum, pattern };
  if (literal === true) return { description, ...value };
  // In draft-07, keywords next to $ref are ignored.
  if (field !== undefined && fieldKinds[field.is].literal === 'reference') {
    return { ...about, allOf: [{ $ref: '#/definitions/secret' }] };
  }
  return { ...about, anyOf: [value, { $ref: '#/definitions/reference' }] };
}

/** JSON Schema cannot express the bounds of durations and sizes, so the description states them. */
function describe({ description, field }: SchemaNode): string | undefined {
  return field?.min === undefined ? description : `${description} From ${field.min} to ${field.max}.`;
}
