import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAgentConfig, parseGatewayConfig } from '@penstock/config-schema';
import { initialize } from '@penstock/gateway';
import { expectNoLeaks } from '../rig/leaks.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';

const FOLDER = join(import.meta.dirname, '../../examples/production');
const read = (file: string) => readFile(join(FOLDER, file), 'utf8');

/** A host that has none of the files and variables that the text may refer to. */
const bareHost = (environment: Readonly<Record<string, string>>, directory: string) => ({
  environment,
  directory,
  readFile: (path: string): string => {
    throw Object.assign(new Error(`${path} does not exist`), { code: 'ENOENT' });
  },
});

test('the production gateway.yaml needs nothing that its README does not mention', async () => {
  await using _leaks = expectNoLeaks();
  await using directory = await temporaryDirectory();
  const text = (await read('gateway.yaml')).replace(
    '/var/lib/penstock-gateway',
    join(directory.path, 'data'),
  );
  const result = parseGatewayConfig(text, bareHost({}, directory.path));
  assert.ok(result.ok, JSON.stringify(result));
  const { adminToken, pins } = await initialize({
    config: result.config,
    hosts: ['gateway.example.com'],
    newAdminToken: false,
    now: Date.now(),
  });
  assert.notEqual(adminToken, undefined);
  assert.equal(pins.length, 2);
});

test('clients on the host of the gateway are allowed by the production gateway.yaml', async () => {
  const result = parseGatewayConfig(await read('gateway.yaml'), bareHost({}, '/'));
  assert.ok(result.ok);
  assert.equal(result.config.connections.length, 2);
  const ranges = result.config.connections.flatMap(({ ingress }) =>
    ingress.map((each) => each.allow.map(String)),
  );
  assert.equal(ranges.length, 2);
  for (const allow of ranges) assert.ok(allow.includes('127.0.0.0/8'), allow.join());
});

test('the production gateway.yaml is valid with everything that its comments offer', async () => {
  const text = (await read('gateway.yaml')).replace(
    /^# ((?:alerts|receivers):| {2}- \{.*\})$/gm,
    (_line, field) => field,
  );
  const environment = { OPS_WEBHOOK_URL: 'https://hooks.example.com/x' };
  const result = parseGatewayConfig(text, bareHost(environment, '/'));
  assert.ok(result.ok, JSON.stringify(result));
  assert.equal(result.config.alerts.length, 6);
});

test('the production agent.yaml needs HOSTNAME, and a token only until it has enrolled', async () => {
  const result = parseAgentConfig(await read('agent.yaml'), bareHost({ HOSTNAME: 'a' }, '/'));
  assert.ok(result.ok, JSON.stringify(result));
  assert.equal(result.config.name, 'dc1-a');
  assert.equal(parseAgentConfig(await read('agent.yaml'), bareHost({}, '/')).ok, false);
});
