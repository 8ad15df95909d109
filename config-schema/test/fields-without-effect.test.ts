import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldsWithoutEffect } from '../src/fields-without-effect.ts';
import { parseAgentConfig, parseGatewayConfig } from '../src/parse.ts';
import { fieldRows } from '../src/schema/field-rows.ts';
import { hostOf } from './rig/host-of.ts';
import { MINIMAL_AGENT, MINIMAL_GATEWAY } from './rig/minimal-file.ts';

const host = hostOf({ environment: { OPS: 'https://hooks.example.com' }, files: new Map() });

function ofAgent(text: string): readonly string[] {
  const result = parseAgentConfig(text, host);
  assert.ok(result.ok, JSON.stringify(result));
  return fieldsWithoutEffect(result.config);
}

function ofGateway(text: string): readonly string[] {
  const result = parseGatewayConfig(text, host);
  assert.ok(result.ok, JSON.stringify(result));
  return fieldsWithoutEffect(result.config);
}

test('a file that omits them or sets their defaults has none', () => {
  assert.deepEqual(ofAgent(MINIMAL_AGENT), []);
  assert.deepEqual(ofAgent(`${MINIMAL_AGENT}policy: {remote: {upgrade: deny}}\n`), []);
  assert.deepEqual(ofGateway(MINIMAL_GATEWAY), []);
  const defaults = 'alerts: []\nreceivers: []\n';
  assert.deepEqual(ofGateway(MINIMAL_GATEWAY + defaults), []);
});

test('every field with another value is named by its path', () => {
  const agent = MINIMAL_AGENT.replace('name: orders-db,', 'name: orders-db, check: {},').concat(
    'policy: {deny: [10.0.0.0/8], probe: {allow: ["*:1"]}, remote: {logs: deny, restart: allow, upgrade: allow}}\n',
    'log: {level: debug, recent: 1}\n',
  );
  assert.deepEqual(ofAgent(agent), []);
  const gateway = MINIMAL_GATEWAY.replace(
    'name: dc1',
    'name: dc1\n    minReady: 2\n    pinning: warn',
  ).concat(
    'health: {heartbeatInterval: 10s, staleAfter: 2m, maxClockSkew: 1s, certificateExpiryWarning: 1d}\n',
  );
  assert.deepEqual(ofGateway(gateway), []);
});

test('their descriptions state this, and no other description does', () => {
  const idle = [...fieldRows('Agent'), ...fieldRows('Gateway')]
    .filter(({ description }) => description.endsWith('Validated, but has no effect in this release.'))
    .map(({ path }) => path);
  assert.deepEqual(idle, []);
});
