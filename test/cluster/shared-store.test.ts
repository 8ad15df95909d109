import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Gateway } from '@penstock/gateway';
import { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { Postgres } from '../rig/postgres.ts';
import { startEcho } from '../rig/targets.ts';

test('two gateways on one database agree, lead in turn, and go on without it', async (context) => {
  await using _leaks = expectNoLeaks();
  await using postgres = await Postgres.start();
  await using target = await startEcho();
  await using pair = await startPair({
    targets: { db: target.address.port },
    agents: {},
    environment: { DATABASE_URL: postgres.url() },
    gateway: { store: { url: '${env:DATABASE_URL}', timeout: '1s' } },
  });
  const dataDirectory = join(pair.directory, 'second');
  await cp(join(pair.directory, 'gateway'), dataDirectory, { recursive: true });
  await using stack = new AsyncDisposableStack();
  const second = await pair.startReplica('second', {
    dataDirectory,
    listen: { tunnel: '127.0.0.1:0', admin: '127.0.0.1:0' },
  });
  stack.defer(() => second.stop());
  const ask = (gateway: Gateway, request: string, body?: unknown) =>
    askGateway(gateway.admin.port, pair.adminToken, request, body);
  const url = `https://127.0.0.1:${second.tunnel.port}`;
  await pair.startAgent('a1', { gateway: { url } });
  await pair.connected('a1');

  await context.test('an agent that enrolled at one is known at the other', async () => {
    await eventually('the first gateway to list the agent', async () => {
      const { body } = await ask(pair.gateway, 'GET /agents/a1');
      return body['name'] === 'a1';
    });
  });

  await context.test('what an operator does at one is in force at the other within seconds', async () => {
    const { status } = await ask(pair.gateway, 'POST /agents/a1/drain');
    assert.equal(status, 200);
    await eventually('the second gateway to know', async () => {
      const { body } = await ask(second, 'GET /agents/a1');
      return body['state'] === 'draining';
    });
    await ask(pair.gateway, 'POST /agents/a1/resume');
    await eventually('the second gateway to know', async () => {
      const { body } = await ask(second, 'GET /agents/a1');
      return body['state'] === 'connected';
    });
  });

  await context.test('while the database is away, clients are served and changes are refused', async () => {
    const [address] = second.ingressOf('db');
    await postgres.stop();
    await using client = await TestClient.connect({ host: '127.0.0.1', port: address?.port ?? 0 });
    assert.equal(await client.echo('without the database'), 'without the database');
    const refused = await ask(second, 'POST /agents/a1/drain');
    assert.equal(refused.status, 503);
    assert.equal(refused.body['code'], 'STORE_UNAVAILABLE');
    assert.match(String(refused.body['detail']), /its database cannot be reached/);
    const ready = await fetch(`http://127.0.0.1:${second.admin.port}/readyz`, {
      headers: { connection: 'close' },
    });
    assert.equal(ready.status, 200);
    assert.match(
      await ready.text(),
      /cannot be reached\. Clients are still served, by what was read \d+ s ago/,
    );
    await assert.rejects(
      pair.startReplica('third', { dataDirectory: join(pair.directory, 'third') }),
      /The store 127\.0\.0\.1:\d+\/postgres cannot be opened: .*ECONNREFUSED/,
    );
    await postgres.restart();
    await eventually('changes to be accepted again', async () => {
      const { status } = await ask(second, 'POST /agents/a1/drain');
      return status === 200;
    });
    client.finish();
    assert.equal((await client.receive()).ended, 'fin');
  });

  await context.test('one leads, and the other takes over when it drains', async () => {
    const leaders = () => pair.logged.filter(({ event }) => event === 'leader-elected');
    assert.deepEqual(
      leaders().map(({ program }) => program),
      ['gateway'],
    );
    await pair.gateway.drain();
    await pair.event('leader-elected', { past: true, where: ({ program }) => program === 'second' });
  });

  await context.test('an agent that is revoked at one is cut off at the other', async () => {
    const first = await pair.restartGateway();
    await ask(first, 'POST /agents/a1/revoke');
    await pair.event('agent-state-changed', {
      past: true,
      where: ({ program, state }) => program === 'second' && state === 'revoked',
    });
    await eventually('the session to end', () => pair.agents.get('a1')?.status().sessions.ready === 0);
  });
});

async function askGateway(port: number, token: string, request: string, body?: unknown) {
  const [method = '', path] = request.split(' ');
  const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      connection: 'close',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Readonly<Record<string, unknown>> };
}
