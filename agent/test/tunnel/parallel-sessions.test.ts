import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAgentConfig, Secret } from '@penstock/config-schema';
import { systemClock } from '@penstock/runtime';
import { WindowBudget } from '@penstock/transport';
import { TestAuthority } from '../../../test/rig/certificates.ts';
import { deadline } from '../../../test/rig/deadline.ts';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { createAgentMetrics } from '../../src/observe/metrics.ts';
import { ParallelSessions } from '../../src/tunnel/parallel-sessions.ts';
import { FakeGateway } from './fake-gateway.ts';

const authority = await TestAuthority.create('Company CA');
const certificate = await authority.issue({ commonName: 'gateway' });
const client = await authority.issue({ commonName: 'a1', usage: 'client' });

const identity = {
  key: new Secret(client.key),
  certificate: client.chain,
  agentId: 'agt_one',
  name: 'a1',
  organization: 'acme',
  pool: 'dc1',
  serial: '01',
  notBefore: 0,
  notAfter: 0,
};

/** One session, whose configuration has the version that the test sets. */
async function startSessions(confirm: () => Promise<void>) {
  const gateway = await FakeGateway.start(certificate);
  const url = `https://127.0.0.1:${gateway.address.port}`;
  const file = {
    apiVersion: 'penstock/v1',
    kind: 'Agent',
    version: 1,
    name: 'a1',
    pool: 'dc1',
    gateway: { url, pins: [certificate.pin], trust: 'pins', sessions: 1, proxy: 'none' },
    identity: { directory: '/nowhere' },
    connectors: [],
    drain: { timeout: '200ms' },
  };
  const parsed = parseAgentConfig(JSON.stringify(file), {
    environment: {},
    readFile: () => '',
    directory: '/',
  });
  assert.ok(parsed.ok);
  const { config } = parsed;
  const rig = { version: 1, onHello: () => {} };
  const sessions = new ParallelSessions({
    config: () => config,
    gateway: () => config.gateway,
    environment: {},
    keeper: { candidate: identity, confirm, handleRejection: async () => false },
    targets: { dial: () => Promise.reject(new Error('test')) },
    windows: new WindowBudget(64 * 1024 * 1024),
    log: () => {},
    metrics: createAgentMetrics(),
    clock: systemClock,
    refusal: () => undefined,
    hello: () => {
      rig.onHello();
      return {
        type: 'hello',
        protocol: 1,
        agent: { name: 'a1', version: '0.1.0' },
        bootId: 'boot',
        platform: { os: 'linux', arch: 'x64', node: '26.10.0' },
        config: { version: rig.version, digest: `sha256:${String(rig.version).repeat(64)}` },
        connectors: [],
        session: { index: 0, wanted: 1 },
      };
    },
    heartbeatFields: () => ({
      eventLoop: { p99Ms: 0, maxMs: 0 },
      streams: { open: 0, opening: 0 },
      identity: { notAfter: 0 },
      checks: [],
    }),
    onAcknowledged: () => {},
    onMessage: () => {},
    onFailed: () => {},
  });
  sessions.start();
  return {
    gateway,
    sessions,
    rig,
    async [Symbol.asyncDispose]() {
      await sessions.stop();
      await gateway[Symbol.asyncDispose]();
    },
  };
}

test('hello is built when it is sent, not before the gateway speaks HTTP/2', async () => {
  await using _leaks = expectNoLeaks();
  await using at = await startSessions(async () => {});
  const connected: boolean[] = [];
  at.rig.onHello = () => connected.push(at.gateway.session !== undefined);
  await at.gateway.receive('hello');
  assert.deepEqual(connected, [true]);
});

test('a configuration that changes between hello and welcome is announced once the session is live', async () => {
  await using _leaks = expectNoLeaks();
  await using at = await startSessions(async () => {});
  assert.equal((await at.gateway.receive('hello')).config.version, 1);
  at.rig.version = 2;
  at.gateway.welcome();
  assert.equal((await at.gateway.receive('config')).config.version, 2);
});

test('an unchanged configuration is not announced again', async () => {
  await using _leaks = expectNoLeaks();
  await using at = await startSessions(async () => {});
  await at.gateway.receive('hello');
  at.gateway.welcome();
  await at.gateway.receive('heartbeat');
  assert.equal(
    at.gateway.received.some(({ type }) => type === 'config'),
    false,
  );
});

test('a drain does not wait beyond its timeout for a loop that is blocked by a request', async () => {
  await using _leaks = expectNoLeaks();
  const request = Promise.withResolvers<void>();
  await using at = await startSessions(() => request.promise);
  await at.gateway.receive('hello');
  at.gateway.welcome();
  await at.gateway.receive('heartbeat');
  await deadline('the drain', at.sessions.drain());
  await deadline('the stop', at.sessions.stop());
  request.resolve();
});
