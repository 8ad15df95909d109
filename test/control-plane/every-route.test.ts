import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { schemaValue, type ValueSchema } from '../rig/schema-value.ts';
import { startEcho } from '../rig/targets.ts';
import {
  type Answered,
  assertDescribed,
  describedOperations,
  type Operation,
  type Role,
} from './api-description.ts';

const ranks: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 };
const roles = Object.keys(ranks) as Role[];

/** Value of path parameters if only the role matters. */
const NOBODY = 'nobody';

type Request = {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
  readonly token?: string | undefined;
};

async function ask(port: number, { method, path }: Operation, request: Request): Promise<Answered> {
  const { params = {}, query = '', body, token } = request;
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? NOBODY));
  const cancel = new AbortController();
  const answer = await fetch(`http://127.0.0.1:${port}${filled}${query}`, {
    method,
    redirect: 'manual',
    signal: AbortSignal.any([cancel.signal, AbortSignal.timeout(60_000)]),
    headers: {
      connection: 'close',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const type = answer.headers.get('content-type') ?? '';
  // The event stream does not end by itself.
  const isEndless = type.startsWith('text/event-stream');
  const text = isEndless ? '' : await answer.text();
  if (isEndless) cancel.abort();
  return { status: answer.status, type, text };
}

async function tokensOf(pair: Pair): Promise<Readonly<Record<Role, string>>> {
  const made = async (role: Role) => {
    const { token } = await pair.api('POST /admin-tokens', { name: `a ${role}`, role });
    return String(token);
  };
  return { viewer: await made('viewer'), operator: await made('operator'), admin: await made('admin') };
}

const codeOf = ({ text }: Answered) => (JSON.parse(text) as { code?: string }).code;

/** The schema of the body, if the route has one. */
const bodyOf = ({ requestBody }: Operation) => requestBody?.content['application/json']?.schema;

test('every route requires exactly the role in its OpenAPI description', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: {}, agents: {} });
  const { port } = pair.gateway.admin;
  const operations = await describedOperations(port);
  const tokens = await tokensOf(pair);
  let asked = 0;
  for (const operation of operations) {
    const role = operation['x-penstock-role'];
    const route = `${operation.method} ${operation.path}`;
    // Signing in is how a browser gets a role.
    if (['POST /api/v1/console-sessions', 'GET /api/v1/sign-in-methods'].includes(route)) continue;
    if (role === undefined) {
      assert.doesNotMatch(route, /\/api\/v1\//, `${route} needs a role`);
      assertDescribed(operation, await ask(port, operation, {}));
      continue;
    }
    const without = await ask(port, operation, {});
    assertDescribed(operation, without);
    // A source that fails too often is limited, and there are more routes than it may fail.
    const refusals = ['401 ADMIN_TOKEN_REQUIRED', '429 TOO_MANY_REQUESTS'];
    assert.ok(refusals.includes(`${without.status} ${codeOf(without)}`), `${route}: ${without.text}`);
    for (const as of roles) {
      const answer = await ask(port, operation, {
        token: tokens[as],
        ...(bodyOf(operation) && { body: {} }),
      });
      assertDescribed(operation, answer);
      if (ranks[as] < ranks[role]) {
        assert.deepEqual([answer.status, codeOf(answer)], [403, 'ROLE_INSUFFICIENT'], `${route} as ${as}`);
      } else {
        assert.ok(![401, 403].includes(answer.status), `${route} as ${as}: ${answer.text}`);
      }
      asked += 1;
    }
  }
  assert.ok(asked >= 3 * 20, `${asked} requests with a role`);
});

/** These would affect the other requests, so they are never sent for the existing agent. */
const DESTRUCTIVE = /\/(revoke|restart|drain)$/;

function requestOf(operation: Operation): fc.Arbitrary<Request> {
  const names = DESTRUCTIVE.test(operation.path) ? [NOBODY] : ['a1', 'db', 'dc1', NOBODY];
  const parameters = (place: 'path' | 'query') =>
    (operation.parameters ?? []).filter((parameter) => parameter.in === place);
  const textOf = (schema: ValueSchema) =>
    schemaValue(schema).map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
  const params = fc.record(
    Object.fromEntries(
      parameters('path').map(({ name, schema }) => [
        name,
        fc.oneof(fc.constantFrom(...names), textOf(schema)),
      ]),
    ),
  );
  const query = fc
    .record(Object.fromEntries(parameters('query').map(({ name, schema }) => [name, textOf(schema)])), {
      requiredKeys: [],
    })
    .map((fields) => {
      const text = new URLSearchParams(fields as Record<string, string>).toString();
      return text === '' ? '' : `?${text}`;
    });
  const schema = bodyOf(operation);
  const body = schema === undefined ? fc.constant(undefined) : schemaValue(schema);
  return fc.record({ params, query, body });
}

test('every response to arbitrary requests matches the OpenAPI document, and none is an internal error', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({ targets: { db: echo.address.port }, agents: { a1: 'dc1' } });
  const { port } = pair.gateway.admin;
  const { admin: token } = await tokensOf(pair);
  const operations = await describedOperations(port);
  const statuses = new Map<number, number>();
  for (const operation of operations) {
    await fc.assert(
      fc.asyncProperty(requestOf(operation), async (request) => {
        const answer = await ask(port, operation, { ...request, token });
        assertDescribed(operation, answer);
        assert.notEqual(answer.status, 500, answer.text);
        assert.ok(![401, 403].includes(answer.status) || !/^(ADMIN_TOKEN|ROLE)/.test(codeOf(answer) ?? ''));
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      }),
      { numRuns: Math.min(fc.readConfigureGlobal().numRuns ?? 25, 200) },
    );
  }
  assert.deepEqual(
    pair.logged.filter(({ event }) => event === 'request-failed'),
    [],
  );
  // Both valid and invalid requests must have occurred.
  for (const status of [200, 201, 400, 404]) assert.ok((statuses.get(status) ?? 0) > 5, `${status}`);
});

test('malformed, mislabeled and oversized bodies are refused as invalid requests', async () => {
  await using pair = await startPair({ targets: {}, agents: {} });
  const { port } = pair.gateway.admin;
  const { admin } = await tokensOf(pair);
  const withBody = (await describedOperations(port)).filter((operation) => bodyOf(operation) !== undefined);
  assert.ok(withBody.length >= 4);
  const bodies: [string, string | Uint8Array<ArrayBuffer>][] = [
    ['application/json', '{"a":'],
    ['application/json', ''],
    ['application/json', new Uint8Array([0xff, 0xfe, 0x00])],
    ['application/json', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
    ['application/json', JSON.stringify('x'.repeat(9 * 1024 * 1024))],
    ['application/json', '{"__proto__":{"x":1},"constructor":{"prototype":{}}}'],
    ['text/plain', 'hello'],
    ['multipart/form-data; boundary=x', '--x--'],
  ];
  for (const operation of withBody) {
    for (const [type, body] of bodies) {
      const path = operation.path.replace(/\{\w+\}/g, NOBODY);
      // The gateway may respond and close the connection before a long body has been sent.
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        method: operation.method,
        headers: { authorization: `Bearer ${admin}`, 'content-type': type, connection: 'close' },
        body,
      }).catch(() => undefined);
      if (answer === undefined) continue;
      const answered = {
        status: answer.status,
        type: answer.headers.get('content-type') ?? '',
        text: await answer.text(),
      };
      assertDescribed(operation, answered);
      assert.ok([400, 413, 415, 404].includes(answer.status), `${operation.path} ${type}: ${answered.text}`);
    }
  }
});
