import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestAuthority } from '../../test/rig/certificates.ts';
import { parseAgentConfig } from '../src/index.ts';
import { hostOf } from './rig/host-of.ts';

const authority = await TestAuthority.create('database CA');
const own = await authority.issue({ commonName: 'agent', usage: 'client' });
const other = await authority.issue({ commonName: 'another' });
const files = new Map([
  ['/ca.crt', authority.certificate],
  ['/agent.crt', own.chain],
  ['/agent.key', own.key],
  ['/other.key', other.key],
]);

const parse = (kind: string, tls: string) =>
  parseAgentConfig(
    `apiVersion: penstock/v1
kind: Agent
version: 1
name: a1
pool: dc1
gateway: {url: "https://gateway.example.com", pins: [sha256/${Buffer.alloc(32, 7).toString('base64')}]}
connectors:
  - name: db
    kind: ${kind}
    address: db.internal:5432
    tls: ${tls}
`,
    hostOf({ environment: {}, files }),
  );

const problems = (kind: string, tls: string) => {
  const result = parse(kind, tls);
  return result.ok ? [] : result.problems.map(({ code, path }) => `${code} ${path}`);
};

test('an empty group has the strictest mode', () => {
  const result = parse('postgresql', '{}');
  assert.ok(result.ok);
  assert.deepEqual(result.config.connectors[0]?.tls, {
    mode: 'verify-full',
    ca: undefined,
    serverName: undefined,
    certificate: undefined,
    key: undefined,
  });
});

test('certificate, key, and CAs are resolved from references, and the key stays a secret', () => {
  const result = parse(
    'mongodb',
    '{ca: "${file:/ca.crt}", certificate: "${file:/agent.crt}", key: "${file:/agent.key}", serverName: DB.Example.com}',
  );
  assert.ok(result.ok);
  const tls = result.config.connectors[0]?.tls;
  assert.equal(tls?.serverName, 'db.example.com');
  assert.equal(tls?.key?.reveal().trim(), own.key.trim());
  assert.ok(!JSON.stringify(result.config).includes('PRIVATE KEY'));
});

test('modes that the target does not support, and incomplete pairs, are rejected', () => {
  const tls = 'connectors[db].tls';
  assert.deepEqual(problems('mysql', '{}'), [`INCONSISTENT ${tls}`]);
  assert.deepEqual(problems('postgresql', '{mode: prefer}'), []);
  assert.deepEqual(problems('redis', '{mode: prefer}'), [`INCONSISTENT ${tls}.mode`]);
  assert.deepEqual(problems('redis', '{certificate: "${file:/agent.crt}"}'), [
    `INCONSISTENT ${tls}.certificate`,
  ]);
  assert.deepEqual(problems('redis', '{key: "${file:/agent.key}"}'), [`INCONSISTENT ${tls}.key`]);
  assert.deepEqual(problems('redis', '{certificate: "${file:/agent.crt}", key: "${file:/other.key}"}'), [
    `INCONSISTENT ${tls}.key`,
  ]);
});
