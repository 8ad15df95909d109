import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fieldsWithoutEffect } from '../src/fields-without-effect.ts';
import { checkConfig, parseAgentConfig, parseGatewayConfig } from '../src/parse.ts';
import { hostOf } from './rig/host-of.ts';
import { PIN } from './rig/minimal-file.ts';
import { keyPair } from './rig/valid-file.ts';

const examples = join(import.meta.dirname, '../../examples');
const read = (file: string) => readFileSync(join(examples, file), 'utf8');

describe('an example', () => {
  const files = globSync('*/{agent,gateway}*.yaml', { cwd: examples }).toSorted();

  test('exists at least twice for each program', () => {
    for (const example of ['quickstart', 'production']) {
      for (const file of ['agent.yaml', 'gateway.yaml']) assert.ok(files.includes(join(example, file)));
    }
  });

  for (const file of files) {
    test(`${file} is valid before references are resolved, and names its schema for editors`, () => {
      const text = read(file);
      const result = checkConfig(/agent[^/]*$/.test(file) ? 'Agent' : 'Gateway', text, file);
      assert.deepEqual(result.ok ? [] : result.problems, []);
      const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)$/m.exec(text) ?? [];
      assert.ok(readFileSync(join(examples, file, '..', schema)).length > 0);
    });
  }
});

test('the files of the production example load with their references', () => {
  const agent = parseAgentConfig(read('production/agent.yaml'), {
    ...hostOf({
      environment: { HOSTNAME: 'host-1' },
      files: new Map([['/run/secrets/enrollment-token', 'token\n']]),
    }),
  });
  assert.ok(agent.ok, JSON.stringify(agent));
  assert.deepEqual(fieldsWithoutEffect(agent.config), []);
  assert.equal(agent.config.name, 'dc1-host-1');
  assert.equal(agent.config.identity.enrollmentToken?.reveal(), 'token');

  const gateway = parseGatewayConfig(read('production/gateway.yaml'), {
    ...hostOf({
      environment: { OPS_WEBHOOK_URL: 'https://hooks.example.com/services/x' },
      files: new Map([
        ['/etc/penstock/tls.crt', keyPair.chain],
        ['/etc/penstock/tls.key', keyPair.key],
      ]),
    }),
  });
  assert.ok(gateway.ok, JSON.stringify(gateway));
  assert.deepEqual(fieldsWithoutEffect(gateway.config), []);
  assert.equal(gateway.config.connections.length, 2);
});

test('the files of the quickstart load with the environment of its script', () => {
  const gateway = parseGatewayConfig(
    read('quickstart/gateway.yaml'),
    hostOf({ environment: { PENSTOCK_DATA: '/tmp/gateway' }, files: new Map() }),
  );
  assert.ok(gateway.ok, JSON.stringify(gateway));
  assert.deepEqual(gateway.config.listen.tunnel, { host: '127.0.0.1', port: 0 });

  const environment = {
    AGENT_NAME: 'agent-1',
    AGENT_DATA: '/tmp/agent-1',
    PENSTOCK_GATEWAY_URL: 'https://127.0.0.1:8443',
    PENSTOCK_GATEWAY_PIN: PIN,
    PENSTOCK_ENROLLMENT_TOKEN: 'token',
    ORDERS_DB_PORT: '5432',
  };
  const agent = parseAgentConfig(read('quickstart/agent.yaml'), hostOf({ environment, files: new Map() }));
  assert.ok(agent.ok, JSON.stringify(agent));
  assert.deepEqual(agent.config.connectors[0]?.address, { host: '127.0.0.1', port: 5432 });
  assert.equal(agent.config.gateway.trust, 'pins');
});
