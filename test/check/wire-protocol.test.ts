import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CONNECTION_WINDOW, INITIAL_STREAM_WINDOW } from '@penstock/transport';
import { agentMessages, gatewayMessages, limits, openIdOfPath, paths, streamPath } from '@penstock/wire';
import { tableBelow } from '../../scripts/check/markdown.ts';

const document = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'wire.md'), 'utf8');

/** What stands between backticks in a cell. */
const codeIn = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? '');

type Schema = { readonly properties: object; readonly required?: readonly string[] };

/** Messages and their fields as the tables write them. */
const fieldsOf = (messages: Readonly<Record<string, Schema>>) =>
  Object.entries(messages).map(([type, { properties, required = [] }]) => ({
    type,
    fields: Object.keys(properties)
      .filter((field) => field !== 'type')
      .map((field) => (required.includes(field) ? field : `${field}?`)),
  }));

const documented = (heading: string) =>
  tableBelow(document, heading).map(([type, fields]) => ({ type: codeIn(type)[0], fields: codeIn(fields) }));

test('the messages of the agent are documented with their fields, and no others', () => {
  assert.deepEqual(documented('Messages of the agent'), fieldsOf(agentMessages));
});

test('the messages of the gateway are documented with their fields, and no others', () => {
  assert.deepEqual(documented('Messages of the gateway'), fieldsOf(gatewayMessages));
});

test('the routes are documented, and no others', () => {
  const rows = tableBelow(document, 'Routes').map(([route]) => codeIn(route)[0]?.split(' ') ?? []);
  const known = Object.values(paths).map((path) => (path.endsWith('/') ? `${path}{id}` : path));
  assert.deepEqual(rows.map(([, path]) => path).sort(), known.sort());
  for (const [method, path] of rows) assert.match(`${method} ${path}`, /^(GET|POST|CONNECT) \//);
  assert.equal(openIdOfPath(streamPath('1-1')), '1-1');
});

const UNITS: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 * 1024 };

test('the limits are documented with their values, and no others', () => {
  const rows = tableBelow(document, 'Limits').map(([name, value = '']) => {
    const [number, unit] = value.split(' ');
    return [codeIn(name)[0], Number(number) * (unit === undefined ? 1 : (UNITS[unit] ?? Number.NaN))];
  });
  assert.deepEqual(Object.fromEntries(rows), { ...limits });
  assert.equal(rows.length, Object.keys(limits).length);
});

test('the windows are as documented', () => {
  assert.ok(document.includes(`connection as a whole is ${CONNECTION_WINDOW / 1024 / 1024} MiB`));
  assert.ok(document.includes(`each stream starts at ${INITIAL_STREAM_WINDOW / 1024 / 1024} MiB`));
});
