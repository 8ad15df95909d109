import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { parse } from 'yaml';
import type { FileKind } from '../src/config-source.ts';
import { checkConfig } from '../src/parse.ts';
import { editorSchema, schemaFiles } from '../src/schema/editor-schema.ts';
import { yamlText } from '../src/show.ts';
import { MINIMAL_AGENT, MINIMAL_GATEWAY } from './rig/minimal-file.ts';
import { validAgentFile, validGatewayFile } from './rig/valid-file.ts';

type Json = { readonly [key: string]: unknown };
type Field = { readonly path: string; readonly schema: Json };

const root = join(import.meta.dirname, '../..');
const ajv = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true });
// Of the language servers for YAML and JSON.
ajv.addKeyword('patternErrorMessage');
const validate = { Agent: ajv.compile(editorSchema('Agent')), Gateway: ajv.compile(editorSchema('Gateway')) };
const kinds: readonly FileKind[] = ['Agent', 'Gateway'];

describe('the JSON Schema for editors', () => {
  test('is up to date in Git', () => {
    assert.equal(schemaFiles().length, 2);
    for (const { path, content } of schemaFiles())
      assert.equal(readFileSync(join(root, path), 'utf8'), content);
  });

  for (const kind of kinds) {
    const fields = fieldsOf(editorSchema(kind), '');

    test(`describes every field of ${kind}`, () => {
      assert.ok(fields.length > 30);
      for (const { path, schema } of fields) assert.match(String(schema['description']), /^\S.*\.$/, path);
    });

    test(`of ${kind} accepts a reference in every value that may differ between hosts`, () => {
      const values = fields.filter(({ schema }) => 'anyOf' in schema || 'allOf' in schema);
      const constant = fields.filter(({ schema }) => 'const' in schema || schema['maximum'] !== undefined);
      assert.deepEqual(
        constant.map(({ path }) => path),
        ['apiVersion', 'kind', 'version'],
      );
      const groups = fields.filter(({ schema }) => schema['type'] === 'object' || schema['type'] === 'array');
      assert.equal(values.length + constant.length + groups.length, fields.length);
      for (const { path, schema } of values) {
        const accepts = ajv.compile({ ...schema, definitions: editorSchema(kind)['definitions'] });
        assert.ok(accepts('${env:X}'), path);
        assert.ok(accepts('${file:/run/secrets/x}'), path);
        assert.ok(!accepts(['${env:X}']), path);
      }
    });
  }

  test('has an ID, and a message for people beside every pattern', () => {
    let patterns = 0;
    for (const kind of kinds) {
      const schema = editorSchema(kind);
      assert.equal(schema['$id'], `urn:penstock:schema:${kind.toLowerCase()}:v1`);
      JSON.stringify(schema, (_, value: unknown) => {
        if (
          typeof value === 'object' &&
          value !== null &&
          'pattern' in value &&
          typeof value.pattern === 'string'
        ) {
          patterns += 1;
          const message = 'patternErrorMessage' in value ? String(value.patternErrorMessage) : '';
          assert.match(message, /^[A-Z].{8,}\.$/s, JSON.stringify(value));
          assert.ok(!message.includes(value.pattern), message);
        }
        return value;
      });
    }
    assert.ok(patterns > 60, String(patterns));
  });

  test('accepts everything that the loader accepts', () => {
    fc.assert(fc.property(validAgentFile, ({ content }) => accepted('Agent', yamlText(content))));
    fc.assert(fc.property(validGatewayFile, ({ content }) => accepted('Gateway', yamlText(content))));
  });

  test('rejects the most common mistakes', () => {
    const wrong: readonly (readonly [FileKind, string])[] = [
      ['Agent', MINIMAL_AGENT.replace('pool:', 'pol:')],
      ['Agent', MINIMAL_AGENT.replace('pool: dc1\n', '')],
      ['Agent', MINIMAL_AGENT.replace('kind: Agent', 'kind: Gateway')],
      ['Agent', `${MINIMAL_AGENT}drain: {timeout: 30}\n`],
      ['Agent', `${MINIMAL_AGENT}drain: {timeout: "30"}\n`],
      [
        'Agent',
        `${MINIMAL_AGENT}gateway: {url: "http://gateway", pins: []}\n`.replace(/gateway:\n.*\n.*\n/, ''),
      ],
      ['Agent', `${MINIMAL_AGENT}identity: {enrollmentToken: abc}\n`],
      ['Agent', `${MINIMAL_AGENT}identity: {enrollmentToken: "\${env:X:-abc}"}\n`],
      ['Gateway', MINIMAL_GATEWAY.replace(', allow: [10.0.0.0/8]', '')],
      ['Gateway', MINIMAL_GATEWAY.replace('[10.0.0.0/8]', '[]')],
      ['Gateway', MINIMAL_GATEWAY.replace('tcp: 0.0.0.0:15432, ', '')],
      ['Gateway', MINIMAL_GATEWAY.replace('{tcp:', '{socks5: {listen: 0.0.0.0:1}, tcp:')],
    ];
    for (const [kind, text] of wrong) {
      assert.ok(!validate[kind](parse(text)), text);
      assert.ok(!checkConfig(kind, text).ok, text);
    }
    assert.ok(validate.Agent(parse(MINIMAL_AGENT)));
    assert.ok(validate.Gateway(parse(MINIMAL_GATEWAY)));
  });
});

function accepted(kind: FileKind, text: string): void {
  assert.ok(checkConfig(kind, text).ok);
  assert.ok(validate[kind](parse(text)), JSON.stringify(validate[kind].errors, undefined, 1));
}

/** Returns every field; lists of groups are represented by their items. */
function fieldsOf(schema: Json, prefix: string): Field[] {
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, Json>>;
  return Object.entries(properties).flatMap(([key, below]) => {
    const path = `${prefix}${key}`;
    const items = (below['items'] ?? {}) as Json;
    return [{ path, schema: below }, ...fieldsOf(below, `${path}.`), ...fieldsOf(items, `${path}[].`)];
  });
}
