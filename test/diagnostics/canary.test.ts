import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';

/** Planted wherever a secret can occur. Each has characters that encodings change. */
const canaries = {
  proxyPassword: 'pr0xy/C4nary+1=',
  environment: 'env-C4nary&2 x',
  environmentUrl: 'url-C4nary@3',
  logField: 'field-C4nary-4',
  connectionString: 'conn-C4nary-5',
  bearer: 'bearer-C4nary-6',
};

/** Each secret in every encoding in which the bundle could contain it. */
const encodings = (secret: string) => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  Buffer.from(secret).toString('base64url'),
  Buffer.from(secret).toString('hex'),
];

test('no planted secret is in the logs or the configuration that an agent sends', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  const user = 'proxy-user';
  const { proxyPassword } = canaries;
  await using pair = await startPair({
    targets: { echo: echo.address.port },
    agents: { a1: 'dc1' },
    environment: {
      PROXY_URL: `http://${user}:${encodeURIComponent(proxyPassword)}@127.0.0.1:3128`,
      PGPASSWORD: canaries.environment,
      SOME_URL: `postgres://someone:${encodeURIComponent(canaries.environmentUrl)}@db/x`,
    },
    // In the file, but not used for the connection to the gateway.
    agent: { gateway: { proxy: 'none' } },
  });
  const daemon = pair.agents.get('a1');
  assert.ok(daemon);
  const key = await readFile(join(pair.directory, 'a1', 'current.pem'), 'utf8');
  const keyBody = /-----BEGIN PRIVATE KEY-----\n([A-Za-z0-9+/=\n]+)-----END/.exec(key)?.[1] ?? '';
  assert.ok(keyBody.length > 100);
  daemon.apply(pair.agentConfig('a1', { version: 2, gateway: { proxy: '${env:PROXY_URL}' } }));

  // Secrets that the process knows are found anywhere, the others by their context.
  const { environment, environmentUrl } = canaries;
  const every = [
    proxyPassword,
    environment,
    environmentUrl,
    pair.token,
    keyBody.trim(),
    keyBody.split('\n')[1] ?? '',
  ];
  for (const secret of every) {
    for (const text of encodings(secret)) {
      daemon.log('connector-failing', { connector: 'x', detail: `it said ${text}.` });
      daemon.log('connector-failing', { connector: text, nested: [{ deep: `${text}` }] });
    }
    daemon.log('connector-failing', { password: canaries.logField, list: [{ apiKey: canaries.logField }] });
  }
  const basic = Buffer.from(`${user}:${proxyPassword}`).toString('base64');
  daemon.log('connector-failing', { detail: `proxy-authorization: Basic ${basic}` });
  daemon.log('connector-failing', { detail: `sent Bearer ${canaries.bearer} there` });
  daemon.log('connector-failing', { detail: `Server=db;Pwd=${canaries.connectionString};` });
  daemon.log('connector-failing', { detail: key });
  daemon.log('config-refused', { problems: [`3:1 password: ${canaries.environment}`] });

  const bundle = (await pair.api('POST /agents/a1/logs', { limit: 100_000, level: 'trace' })) as {
    lines: unknown[];
    redactions: Record<string, number>;
  };
  const configuration = await pair.api('GET /agents/a1/config');
  assert.ok(bundle.lines.length > 50, 'the lines are there, without their secrets');
  assert.ok((bundle.redactions['known-secret'] ?? 0) > 50);
  for (const rule of ['field-name', 'authorization', 'connection-string', 'pem', 'penstock-token']) {
    assert.ok(rule === 'penstock-token' || (bundle.redactions[rule] ?? 0) > 0, rule);
  }
  const all = JSON.stringify([bundle, configuration]);
  for (const secret of [...every, basic]) {
    for (const text of encodings(secret)) assert.ok(!all.includes(text), `${text} has left the agent`);
  }
  assert.doesNotMatch(all, /C4nary/i);
  assert.match(JSON.stringify(configuration), /\$\{env:PROXY_URL\}/);
});
