import assert from 'node:assert/strict';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type AgentConfig,
  type GatewayConfig,
  loadAgentConfig,
  loadGatewayConfig,
  type ParseResult,
  watchConfig,
} from '@penstock/config-schema';
import { eventually } from '../../test/rig/eventually.ts';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { exposedFileReporter } from '../src/exposed-files.ts';
import { Reloader } from '../src/reloader.ts';

type Config = AgentConfig | GatewayConfig;

const pin = `sha256/${'A'.repeat(43)}=`;
const agentFile = (secret: string) => ({
  apiVersion: 'penstock/v1',
  kind: 'Agent',
  version: 1,
  name: 'a1',
  pool: 'dc1',
  gateway: { url: 'https://gateway.example.com:8443', pins: [pin], proxy: secret },
  connectors: [],
});
const gatewayFile = (secret: string) => ({
  apiVersion: 'penstock/v1',
  kind: 'Gateway',
  version: 1,
  organization: 'acme',
  listen: { tunnel: '127.0.0.1:0', admin: '127.0.0.1:0' },
  dataDirectory: 'data',
  pools: [{ name: 'dc1' }],
  receivers: [{ name: 'ops', webhook: secret }],
});

const programs: readonly {
  readonly name: string;
  readonly file: (secret: string) => object;
  readonly without: string;
  readonly load: (file: string) => ParseResult<Config>;
}[] = [
  { name: 'agent', file: agentFile, without: 'none', load: (file) => loadAgentConfig(file, {}) },
  {
    name: 'gateway',
    file: gatewayFile,
    without: '${file:first.url}',
    load: (file) => loadGatewayConfig(file, {}),
  },
];

for (const { name, file, without, load } of programs) {
  test(`a configuration of the ${name} that is refused for a missing file is applied once the file is there`, async () => {
    await using _leaks = expectNoLeaks();
    await using directory = await temporaryDirectory();
    const path = (each: string) => join(directory.path, each);
    const write = async (each: string, text: string) => {
      await writeFile(path(`${each}.new`), text);
      await rename(path(`${each}.new`), path(each));
    };
    await write('first.url', 'https://hooks.example.com/a');
    await write('config.yaml', JSON.stringify(file(without)));
    const first = load(path('config.yaml'));
    assert.ok(first.ok, JSON.stringify(first));
    let attempts = 0;
    const logged: string[] = [];
    const reloader = new Reloader<Config>({
      first: first.config,
      file: path('config.yaml'),
      load: () => {
        attempts += 1;
        return load(path('config.yaml'));
      },
      apply() {},
      watch: watchConfig,
      log: (event, fields) => logged.push(`${event} ${JSON.stringify(fields['problems'] ?? '')}`),
      onFailure: assert.ifError,
      retryInterval: 20,
    });
    reloader.start(first.source.files);
    await write('config.yaml', JSON.stringify(file('${file:later/secret.url}')));
    reloader.reload();
    await reloader.idle();
    assert.equal(logged.length, 1);
    assert.match(logged[0] ?? '', /^config-refused .*later\/secret\.url, which does not exist/);
    // Nothing has changed: retries are silent.
    const loads = attempts;
    await eventually('two retries', () => attempts > loads + 1);
    assert.equal(logged.length, 1);
    await mkdir(path('later'));
    await write('later/secret.url', 'https://proxy.example.com:3128');
    await eventually('the configuration to be applied', () => logged.at(-1)?.startsWith('config-loaded'));
    // A repaired certificate, a permission or a mount helps as well, and a removed file is reported again.
    await rm(path('later'), { recursive: true });
    reloader.reload();
    await reloader.idle();
    assert.match(logged.at(-1) ?? '', /^config-refused/);
    reloader.stop();
  });
}
test('a configuration that could not be applied is applied again until it can be', async () => {
  await using _leaks = expectNoLeaks();
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'agent.yaml');
  await writeFile(path, JSON.stringify(agentFile('none')));
  const first = loadAgentConfig(path, {});
  assert.ok(first.ok);
  let isUsable = false;
  const logged: string[] = [];
  const reloader = new Reloader<AgentConfig>({
    first: first.config,
    file: path,
    load: () => loadAgentConfig(path, {}),
    async apply() {
      if (!isUsable) throw new Error('the key does not belong to the certificate');
    },
    watch: () => () => {},
    log: (event) => logged.push(event),
    onFailure: assert.ifError,
    retryInterval: 5,
  });
  reloader.start([]);
  reloader.reload();
  await reloader.idle();
  isUsable = true;
  await eventually('the configuration to be applied', () => logged.includes('config-loaded'));
  assert.deepEqual(logged, ['config-refused', 'config-loaded']);
  reloader.stop();
});

test('a referenced file with a secret that every user can read is reported once, one of a group is not', {
  skip: process.platform === 'win32' && 'Windows has no such modes',
}, async () => {
  await using directory = await temporaryDirectory();
  const path = (each: string) => join(directory.path, each);
  await writeFile(path('first.url'), 'https://hooks.example.com/a');
  await writeFile(path('config.yaml'), JSON.stringify(gatewayFile('${file:first.url}')));
  const reported: string[] = [];
  const check = exposedFileReporter<GatewayConfig>((detail) => reported.push(detail));
  for (const mode of [0o640, 0o600, 0o644, 0o644]) {
    await chmod(path('first.url'), mode);
    assert.ok(check(loadGatewayConfig(path('config.yaml'), {})).ok);
  }
  assert.deepEqual(reported, [
    `Other users have access to ${path('first.url')} (mode 0644). Run chmod 600 ${path('first.url')}.`,
  ]);
});
