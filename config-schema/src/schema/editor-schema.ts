import type { FileKind } from '../config-source.ts';
import { type FieldKindName, fieldKinds } from '../field/field-kind.ts';
import { AgentFile } from './agent-file.ts';
import { GatewayFile } from './gateway-file.ts';
import type { SchemaNode } from './schema-node.ts';

type Json = Record<string, unknown>;

/**
 * What editors show in place of a pattern, as `patternErrorMessage`: the language servers for YAML and JSON read it, and would show
 * the regular expression without it.
 */
const patternMessages: Readonly<Record<FieldKindName, string>> = {
  name: 'Must be up to 63 letters, digits, ".", "_" and "-", starting with a letter or digit.',
  text: 'Must not be empty.',
  path: 'Must be a path.',
  duration: 'Must be a duration with a unit, such as 500ms, 30s, 5m or 1h.',
  size: 'Must be a size with a unit, such as 64KiB or 256MiB.',
  address: 'Must be host:port, such as orders.internal:5432; IPv6 in brackets: "[2001:db8::1]:5432".',
  listen: 'Must be host:port, such as 127.0.0.1:15432; for all addresses: 0.0.0.0:15432.',
  serverName: 'Must be a host name, such as orders.example.com.',
  cidr: 'Must be an address range, such as 10.0.0.0/8; for one address: 10.1.2.3/32.',
  certificatePin: 'Must be sha256/ and 44 characters of base64, as penstock-gateway init prints it.',
  gatewayUrl: 'Must be an https URL, such as https://gateway.example.com:8443.',
  consoleUrl: 'Must be an https URL without a path, such as https://gateway.example.com.',
  releaseSource:
    'Must be gateway, the URL of a mirror such as https://mirror.example.com/penstock/, or an absolute path.',
  issuer: 'Must be an https URL, such as https://login.example.com/realms/main.',
  probeRule:
    'Must be a host or an address range with ports, such as orders.internal:5432 or 10.0.0.0/8:1-1024.',
  certificate: 'Must be a certificate as PEM, usually ${file:/path/to/certificate.pem}.',
  privateKey: 'Must be a reference, such as ${file:/path/to/key.pem}.',
  secret: 'Must be a reference, such as ${file:/run/secrets/token}.',
  webhook: 'Must be a reference, such as ${env:OPS_WEBHOOK_URL}.',
  proxy: 'Must be env, none or the URL of a proxy.',
  database: 'Must be a URL such as postgresql://penstock:${env:DATABASE_PASSWORD}@db.example.com/penstock.',
  timeOfDay: 'Must be a time of day in quotes, such as "02:00".',
  date: 'Must be a date, such as 2026-12-28.',
  timeZone: 'Must be a time zone, such as Europe/Berlin or UTC.',
};

const REFERENCE_MESSAGE = 'A reference is ${env:NAME}, ${env:NAME:-default} or ${file:/path}.';

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
    $id: `urn:penstock:schema:${kind.toLowerCase()}:v1`,
    title: kind === 'Agent' ? 'Penstock agent.yaml' : 'Penstock gateway.yaml',
    ...convert(schema),
    definitions: {
      reference: {
        description: 'A value from the environment or from a file.',
        type: 'string',
        pattern: '\\$\\{(env:[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?|file:[^}]+)\\}',
        patternErrorMessage: REFERENCE_MESSAGE,
      },
      secret: {
        description: 'References only, because this file is kept in Git.',
        type: 'string',
        pattern: '^(\\s*\\$\\{(env:[A-Za-z_][A-Za-z0-9_]*(:-)?|file:[^}]+)\\})+\\s*$',
        patternErrorMessage: `A secret must be a reference. ${REFERENCE_MESSAGE}`,
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
  const patternErrorMessage = field === undefined ? undefined : patternMessages[field.is];
  const value = { type, enum: words, const: word, minimum, maximum, pattern, patternErrorMessage };
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
