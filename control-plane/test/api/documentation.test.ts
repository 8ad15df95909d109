import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { apiProblemCodes } from '@penstock/api-schema';
import { storeOutages } from '@penstock/store';
import { denialReasons, skipReasons } from '@penstock/wire';
import { fleetEvents } from '../../src/events/fleet-event.ts';
import { apiRig } from './api-rig.ts';

const DOCUMENT = join(import.meta.dirname, '../../../docs/api.md');

/** The rows, as cells, of all tables whose first cell is code. */
async function rows(first: RegExp): Promise<string[][]> {
  const lines = (await readFile(DOCUMENT, 'utf8')).split('\n').filter((line) => line.startsWith('| `'));
  return lines
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim().replaceAll('`', '')),
    )
    .filter(([cell]) => first.test(cell ?? ''));
}

/** The rows, as cells, of the table with this head. */
async function rowsBelow(head: string): Promise<string[][]> {
  const [, after = ''] = (await readFile(DOCUMENT, 'utf8')).split(`${head}\n`);
  const [table = ''] = after.split('\n\n');
  return table
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
}

test('docs/api.md lists exactly the routes, with their roles', async () => {
  await using api = await apiRig();
  const { body } = await api.ask<{ paths: Record<string, Record<string, unknown>> }>(
    'GET',
    '/api/v1/openapi.json',
  );
  const documented = await rows(/^[A-Z]+ \//);
  const served = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  served.push('GET /api/v1/openapi.json');
  assert.deepEqual(documented.map(([route]) => route).sort(), served.sort());

  let checked = 0;
  for (const [route = '', role] of documented) {
    const [method = '', path = ''] = route.split(' ');
    const lesser = { '': undefined, viewer: undefined, operator: 'viewer', admin: 'operator' }[role ?? ''];
    const answer = await api.ask(method as 'GET', path.replace(/\{\w+\}/g, 'x'), { as: lesser });
    // Signing in shows a code or a token.
    const open = route === 'POST /api/v1/console-sessions' ? [400] : [200];
    const expected = { '': open, viewer: [401], operator: [403], admin: [403] }[role ?? ''];
    assert.ok(expected?.includes(answer.status), `${route} answers ${answer.status} below the role ${role}`);
    checked += 1;
  }
  assert.equal(checked, served.length);
  assert.ok(checked >= 14);
});

test('docs/api.md lists exactly the problem codes of the API', async () => {
  const documented = (await rows(/^[A-Z_]+$/)).map((cells) => cells.slice(0, 3));
  const codes = Object.entries(apiProblemCodes).map(([code, { status, message }]) => [
    code,
    String(status),
    message,
  ]);
  assert.deepEqual(documented, codes);
});

test('docs/api.md lists exactly the outages of the store', async () => {
  const documented = (await rows(/^[a-z-]+$/)).filter((cells) => cells.length === 3);
  assert.deepEqual(
    documented.map(([kind, reason]) => [kind, reason]),
    Object.entries(storeOutages),
  );
});

test('docs/api.md lists exactly the skip reasons, the reasons of denials and the events', async () => {
  assert.deepEqual(await rowsBelow('| reason | meaning |'), Object.entries(skipReasons));
  assert.deepEqual(await rowsBelow('| denial reason | meaning |'), Object.entries(denialReasons));
  assert.deepEqual(await rowsBelow('| event | sent when |'), Object.entries(fleetEvents));
});

test('every operation has an id and its role, and every response with fields has a name', async () => {
  await using api = await apiRig();
  type Operation = {
    operationId: string;
    'x-penstock-role'?: string;
    responses: Record<string, { content?: Record<string, { schema: { $ref?: string; type?: string } }> }>;
  };
  const { body } = await api.ask<{
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, object> };
  }>('GET', '/api/v1/openapi.json');
  const operations = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.values(methods).map((operation) => ({ path, ...operation })),
  );
  const ids = operations.map(({ operationId }) => operationId);
  assert.equal(new Set(ids).size, ids.length);
  for (const id of [
    'listAgents',
    'getAgent',
    'drainAgent',
    'createEnrollmentToken',
    'deleteGrant',
    'getConnectionExplain',
  ]) {
    assert.ok(ids.includes(id), id);
  }
  const unnamed: string[] = [];
  for (const { path, responses, ...operation } of operations) {
    const isOpen =
      ['/healthz', '/readyz', '/metrics', '/api/v1/sign-in-methods'].includes(path) ||
      operation.operationId === 'createConsoleSession';
    assert.equal(operation['x-penstock-role'] === undefined, isOpen, path);
    for (const [status, { content = {} }] of Object.entries(responses)) {
      const schema = content['application/json']?.schema;
      if (schema !== undefined && schema.$ref === undefined) unnamed.push(`${status} ${path}`);
    }
  }
  assert.deepEqual(unnamed, []);
  const text = JSON.stringify(body);
  for (const [, name = ''] of text.matchAll(/#\/components\/schemas\/(\w+)/g)) {
    assert.ok(body.components.schemas[name] !== undefined, name);
  }
});
