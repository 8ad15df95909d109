import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readComposeFile } from './compose-file.ts';

const ROOT = join(import.meta.dirname, '../..');

const compose = await readComposeFile(ROOT);
const services = Object.entries(compose.services);

test('the compose file has the expected services', () => {
  assert.deepEqual(Object.keys(compose.services).sort(), [
    'agent-a',
    'agent-b',
    'enrollment',
    'gateway',
    'postgres',
    'setup',
  ]);
});

test('every container has a read-only root file system and cannot gain capabilities', () => {
  for (const [name, service] of services) {
    assert.equal(service.read_only, true, name);
    assert.deepEqual(service.cap_drop, ['ALL'], name);
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
    assert.notEqual(service.privileged, true, name);
  }
});

test('only agents share the network of the database, and ports are published on loopback only', () => {
  const onPrivate = services.filter(([, { networks = [] }]) => networks.includes('private'));
  assert.deepEqual(onPrivate.map(([name]) => name).sort(), ['agent-a', 'agent-b', 'postgres']);
  assert.equal(compose.networks['private']?.internal, true);
  assert.deepEqual(
    services.flatMap(([, { ports = [] }]) => ports),
    ['127.0.0.1:15432:15432'],
  );
});

test('everything that the compose file refers to exists', () => {
  for (const [name, service] of services) {
    for (const dependency of Object.keys(service.depends_on ?? {})) {
      assert.ok(dependency in compose.services, `${name} depends on ${dependency}`);
    }
    for (const volume of service.volumes ?? []) {
      const [source = ''] = volume.split(':');
      const exists = source.startsWith('.') ? existsSync(join(ROOT, source)) : source in compose.volumes;
      assert.ok(exists, `${name} mounts ${source}`);
    }
    for (const secret of service.secrets ?? []) assert.ok(secret in compose.secrets, `${name}: ${secret}`);
    if (service.build !== undefined) assert.ok(existsSync(join(ROOT, service.build.dockerfile)), name);
  }
});

test('secrets come from the environment, not from a file', () => {
  const secrets = Object.values(compose.secrets);
  assert.equal(secrets.length, 1);
  for (const { environment } of secrets) assert.equal(typeof environment, 'string');
});
