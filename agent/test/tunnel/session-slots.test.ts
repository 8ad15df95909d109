import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAgentConfig, Secret } from '@penstock/config-schema';
import { systemClock } from '@penstock/runtime';
import { WindowBudget } from '@penstock/transport';
import { TestAuthority } from '../../../test/rig/certificates.ts';
import { deadline } from '../../../test/rig/deadline.ts';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { createAgentMetrics } from '../../src/observe/metrics.ts';
import { SessionSlots } from '../../src/tunnel/session-slots.ts';
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

/** One slot; the configuration it reads is of the version the test says. */
async function startSlots(confirm: () => Promise<void>) {
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
  const slots = new SessionSlots({
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
    heartbeatFacts: () => ({
      eventLoop: { p99Ms: 0, maxMs: 0 },
      streams: { open: 0, opening: 0 },
      identity: { notAfter: 0 },
      checks: [],
    }),
    onAcknowledged: () => {},
    onMessage: () => {},
    onFailed: () => {},
  });
  slots.start();
  return {
    gateway,
    slots,
    rig,
    async [Symbol.asyncDispose]() {
      await slots.stop();
      await gateway[Symbol.asyncDispose]();
    },
  };
}

test('hello is made when it is sent, and not before the gateway speaks HTTP/2', async () => {
  await using _leaks = expectNoLeaks();
  await using at = await startSlots(async () => {});
  const connected: boolean[] = [];
  at.rig.onHello = () => connected.push(at.gateway.session !== undefined);
  await at.gateway.heard('hello');
  assert.deepEqual(connected, [true]);
});

test('a configuration that changes between hello and welcome is told once the session is live', async () => {
  await using _leaks = expectNoLeaks();
  await using at = await startSlots(async () => {});
  assert.equal((await at.gateway.heard('hello')).config.version, 1);
  at.rig.version = 2;
  at.gateway.welcome();
  assert.equal((await at.gateway.heard('config')).config.version, 2);
});

test('a configuration that did not change is not told again', async () => {
  await using _leaks = expectNoLeaks();
  await using at = await startSlots(async () => {});
  await at.gateway.heard('hello');
  at.gateway.welcome();
  await at.gateway.heard('heartbeat');
  assert.equal(
    at.gateway.received.some(({ type }) => type === 'config'),
    false,
  );
});

test('a drain does not wait beyond its deadline for a loop that stands behind a request', async () => {
  await using _leaks = expectNoLeaks();
  const request = Promise.withResolvers<void>();
  await using at = await startSlots(() => request.promise);
  await at.gateway.heard('hello');
  at.gateway.welcome();
  await at.gateway.heard('heartbeat');
  await deadline('the drain', at.slots.drain(), 3_000);
  await deadline('the stop', at.slots.stop(), 3_000);
  request.resolve();
});
