import assert from 'node:assert/strict';
import { test } from 'node:test';
import fastify from 'fastify';
import { type ReplicaView, replicaRoutes } from '../../src/api/replicas.ts';
import type { TypeBoxProvider } from '../../src/api/typed-app.ts';

const replica = (name: string, version: string, configDigest: string): ReplicaView => ({
  name,
  epoch: name,
  address: '192.0.2.1:8444',
  version,
  state: 'running',
  isSelf: name === 'r1',
  link: name === 'r1' ? 'self' : 'connected',
  configDigest,
  sessions: 0,
  agents: 0,
  startedAt: 0,
});

test('the files of replicas are compared only within one version, which makes the digest in one way', async () => {
  const app = fastify().withTypeProvider<TypeBoxProvider>();
  replicaRoutes(app, () => [
    replica('r1', '1.1.0', 'sha256:one'),
    replica('r2', '1.1.0', 'sha256:one'),
    replica('r3', '1.1.0', 'sha256:other'),
    replica('r4', '1.0.0', 'sha256:other'),
  ]);
  const { items } = (await app.inject('/replicas')).json();
  assert.deepEqual(
    items.map(({ name, drifted }: { name: string; drifted: boolean }) => [name, drifted]),
    [
      ['r1', false],
      ['r2', false],
      ['r3', true],
      ['r4', false],
    ],
  );
  await app.close();
});
