import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { type AgentConfig, parseAgentConfig } from '@penstock/config-schema';
import { type CloseCode, TunnelError } from '@penstock/wire';
import { fakeLookup } from '../../../test/rig/dns.ts';
import { eventually } from '../../../test/rig/eventually.ts';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { ServerSockets } from '../../../test/rig/server-sockets.ts';
import { startEcho } from '../../../test/rig/targets.ts';
import { startUnresponsive } from '../../../test/rig/unresponsive.ts';
import { Targets } from '../../src/target/targets.ts';

type Connector = Readonly<Record<string, unknown>>;

/** The configuration of an agent with these connectors. */
function configOf(connectors: readonly Connector[], deny: readonly string[] = []): AgentConfig {
  const file = {
    apiVersion: 'penstock/v1',
    kind: 'Agent',
    version: 1,
    name: 'a1',
    pool: 'dc1',
    gateway: { url: 'https://127.0.0.1:8443', pins: [`sha256/${'A'.repeat(43)}=`], trust: 'pins' },
    connectors: connectors.map((connector) => ({ kind: 'tcp', ...connector })),
    policy: { deny },
  };
  const result = parseAgentConfig(JSON.stringify(file), { environment: {}, readFile: () => '' });
  assert.ok(result.ok, JSON.stringify(result));
  return result.config;
}

const dial = (targets: Targets, name: string, within = 5_000) =>
  targets.dial(name, within, new AbortController());

const failsWith =
  (code: CloseCode, text = /\S/) =>
  (error: unknown) =>
    error instanceof TunnelError && error.code === code && text.test(error.message);

test('a connector never exceeds maxConnections, and each release frees one connection once', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  const address = `127.0.0.1:${echo.address.port}`;
  const targets = new Targets(
    configOf([
      { name: 'db', address, maxConnections: 2 },
      { name: 'other', address },
    ]),
  );
  const first = await dial(targets, 'db');
  const second = await dial(targets, 'db');
  await assert.rejects(dial(targets, 'db'), failsWith('AGENT_OVERLOADED', /maxConnections \(2\)/));
  const other = await dial(targets, 'other');
  assert.equal(targets.inUse, 3);
  first.release();
  first.release();
  const third = await dial(targets, 'db');
  await assert.rejects(dial(targets, 'db'), failsWith('AGENT_OVERLOADED'));
  for (const lease of [first, second, third, other]) {
    lease.release();
    lease.socket.destroy();
  }
  assert.equal(targets.inUse, 0);
});

test('a failed dial does not count as a connection', async () => {
  const { lookup } = fakeLookup({});
  const targets = new Targets(
    configOf([{ name: 'db', address: 'nowhere.internal:1', maxConnections: 1 }]),
    lookup,
  );
  for (let time = 0; time < 3; time += 1) await assert.rejects(dial(targets, 'db'), failsWith('DNS_FAILED'));
  assert.equal(targets.inUse, 0);
});

test('only targets of the configuration are dialed', async () => {
  const targets = new Targets(configOf([{ name: 'db', address: '127.0.0.1:1' }]));
  for (const name of ['other', 'toString', '']) {
    await assert.rejects(dial(targets, name), failsWith('UNKNOWN_CONNECTOR'));
  }
});

test('a denied address is reported and not dialed', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  const { lookup } = fakeLookup({ 'db.internal': ['::ffff:127.0.0.1', '127.0.0.1'] });
  const connectors = [{ name: 'db', address: `db.internal:${echo.address.port}` }];
  const targets = new Targets(configOf(connectors, ['127.0.0.0/8']), lookup);
  await assert.rejects(
    dial(targets, 'db'),
    failsWith('POLICY_DENIED', /db\.internal resolves to ::ffff:127\.0\.0\.1/),
  );
  assert.equal(echo.accepted, 0);
  targets.apply(configOf(connectors));
  const lease = await dial(targets, 'db');
  lease.socket.destroy();
  lease.release();
});

test('a dial ends at the connector’s dialTimeout or the open’s deadline, whichever is first', async () => {
  const never = () => new Promise<never>(() => {});
  for (const [dialTimeout, within, expected] of [
    ['50ms', 5_000, 50],
    ['5s', 60, 60],
  ] as const) {
    const targets = new Targets(configOf([{ name: 'db', address: 'slow.internal:1', dialTimeout }]), never);
    await assert.rejects(
      dial(targets, 'db', within),
      failsWith('DNS_FAILED', new RegExp(`within ${expected} ms`)),
    );
    assert.equal(targets.inUse, 0);
  }
});

test('a canceled dial rejects with the caller’s reason and closes its connection', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  const targets = new Targets(configOf([{ name: 'db', address: `127.0.0.1:${echo.address.port}` }]));
  const cancel = new AbortController();
  const dialing = targets.dial('db', 5_000, cancel);
  cancel.abort(new TunnelError('CLIENT_GONE'));
  await assert.rejects(dialing, failsWith('CLIENT_GONE'));
  await eventually('nothing to be left', () => echo.open === 0 && targets.inUse === 0);
});

test('a changed configuration applies to later dials', async () => {
  await using _leaks = expectNoLeaks();
  await using one = await startEcho();
  await using two = await startEcho();
  const at = (port: number) => configOf([{ name: 'db', address: `127.0.0.1:${port}` }]);
  const targets = new Targets(at(one.address.port));
  const before = await dial(targets, 'db');
  targets.apply(at(two.address.port));
  const after = await dial(targets, 'db');
  assert.deepEqual([before.socket.remotePort, after.socket.remotePort], [one.address.port, two.address.port]);
  targets.apply(configOf([]));
  await assert.rejects(dial(targets, 'db'), failsWith('UNKNOWN_CONNECTOR'));
  assert.equal(before.socket.destroyed, false);
  for (const { socket, release } of [before, after]) {
    socket.destroy();
    release();
  }
});

/** A target on an address of loopback and a given port. */
async function startTarget(host: string, port = 0) {
  const sockets = new ServerSockets();
  const server = createServer((socket) => sockets.adopt(socket)).listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    [Symbol.asyncDispose]: () => sockets.endWith(server),
  };
}

test('a database that has moved is found by the open that notices it, long before its answer expires', async () => {
  await using _leaks = expectNoLeaks();
  let leadsTo = '127.0.0.1';
  const lookup = async () => [{ address: leadsTo, family: 4 }];
  const old = await startTarget('127.0.0.1');
  const { port } = old;
  const targets = new Targets(configOf([{ name: 'db', address: `db.internal:${port}` }]), lookup);
  const first = await dial(targets, 'db');
  first.release();
  first.socket.destroy();
  await old[Symbol.asyncDispose]();
  await using _moved = await startTarget('127.0.0.2', port);
  leadsTo = '127.0.0.2';
  const second = await eventually('the moved database', () =>
    dial(targets, 'db').catch(() => false as const),
  );
  assert.equal(second.socket.remoteAddress, '127.0.0.2');
  second.release();
  second.socket.destroy();
  assert.equal(targets.inUse, 0);
});

test('a name that moves to a denied address is denied, also after a failed dial', async () => {
  await using _leaks = expectNoLeaks();
  let leadsTo = '127.0.0.2';
  const lookup = async () => [{ address: leadsTo, family: 4 }];
  await using target = await startTarget('127.0.0.1');
  const connectors = [{ name: 'db', address: `db.internal:${target.port}` }];
  const targets = new Targets(configOf(connectors, ['127.0.0.1/32']), lookup);
  await assert.rejects(dial(targets, 'db'), failsWith('REFUSED'));
  leadsTo = '127.0.0.1';
  await eventually('the new answer', async () => {
    const error = await dial(targets, 'db').catch((reason: unknown) => reason);
    assert.ok(error instanceof TunnelError);
    return error.code === 'POLICY_DENIED';
  });
});

test('a dead address of a name does not end the attempt on a slow one', async () => {
  await using _leaks = expectNoLeaks();
  await using silent = await startUnresponsive();
  await using _alive = await startTarget('127.0.0.2', silent.address.port);
  for (const addresses of [
    ['127.0.0.1', '127.0.0.2'],
    ['127.0.0.2', '127.0.0.1'],
  ]) {
    const { lookup } = fakeLookup({ 'db.internal': addresses });
    const connectors = [{ name: 'db', address: `db.internal:${silent.address.port}` }];
    const targets = new Targets(configOf(connectors), lookup);
    const { socket, release } = await dial(targets, 'db');
    assert.equal(socket.remoteAddress, '127.0.0.2');
    release();
    socket.destroy();
  }
});
