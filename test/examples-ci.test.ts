import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { expectNoLeaks } from './rig/leaks.ts';
import { startPair } from './rig/pair.ts';

const ROOT = join(import.meta.dirname, '..');
const SHARED = { name: '${env:HOST}', identity: { directory: '${env:HOME_OF}' } };

type Result = { readonly code: number; readonly stdout: string; readonly stderr: string };

test('the scripts of examples/ci check, publish, pin, and wait on a real gateway and agent', async () => {
  await using _leaks = expectNoLeaks();
  const enforce = { pools: [{ name: 'dc1', pinning: 'enforce' }] };
  await using pair = await startPair({ targets: {}, agents: {}, gateway: enforce });
  Object.assign(pair.environment, { HOST: 'a1', HOME_OF: `${pair.directory}/a1` });
  const daemon = await pair.startAgent('a1', { ...SHARED, version: 1 });
  await pair.connected('a1');
  const { token } = await pair.api('POST /admin-tokens', { name: 'ci', role: 'operator' });

  const repository = join(pair.directory, 'repository');
  await mkdir(join(repository, 'bin'), { recursive: true });
  await cp(join(ROOT, 'examples/ci'), join(repository, 'ci'), { recursive: true });
  for (const program of ['agent', 'gateway']) {
    const script = `#!/bin/sh\nexec "${process.execPath}" "${ROOT}/${program}/bin/penstock-${program}.js" "$@"\n`;
    await writeFile(join(repository, 'bin', `penstock-${program}`), script);
    await chmod(join(repository, 'bin', `penstock-${program}`), 0o755);
  }
  const environment = {
    ...process.env,
    PATH: `${join(repository, 'bin')}:${process.env['PATH']}`,
    PENSTOCK_URL: `http://127.0.0.1:${pair.gateway.admin.port}`,
    PENSTOCK_TOKEN: String(token),
    POOL: 'dc1',
    BASE: 'main',
    GIT_CONFIG_GLOBAL: '/dev/null',
  };
  const run = (command: string, more: Record<string, string> = {}) =>
    new Promise<Result>((resolve) => {
      const options = { cwd: repository, env: { ...environment, ...more } };
      execFile('sh', ['-c', command], options, (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
      );
    });
  const write = (version: number, more: object = {}) =>
    writeFile(
      join(repository, 'agent.yaml'),
      JSON.stringify(pair.agentFile('a1', { ...SHARED, version, ...more }), undefined, 1),
    );

  await write(1);
  const committed = await run(
    'git init -q -b main && git add agent.yaml && git -c user.name=x -c user.email=x@x commit -qm first',
  );
  assert.equal(committed.code, 0, committed.stderr);
  const first = await run('sh ci/deploy.sh', { TIMEOUT: '20s' });
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stderr, /1 of 1 connected agents run version 1/);

  await write(1, { drain: { timeout: '9s' } });
  const forgotten = await run('sh ci/check.sh', { FORMAT: 'github' });
  assert.equal(forgotten.code, 2);
  assert.match(forgotten.stdout, /^::error file=agent\.yaml,line=\d+,title=VERSION_UNCHANGED/m);

  await write(2, { drain: { timeout: '9s' } });
  const checked = await run('sh ci/check.sh');
  assert.equal(checked.code, 0, checked.stderr);
  assert.match(checked.stdout, /would quarantine 1 of 1 agents: a1/);

  const gatewayFile = (connector: string) =>
    `apiVersion: penstock/v1\nkind: Gateway\nversion: 1\norganization: acme\npools: [{name: dc1}]\n` +
    `connections:\n  - {name: orders, pools: [dc1], connector: ${connector}, ingress: [{tcp: "127.0.0.1:5432", allow: [127.0.0.1/32]}]}\n`;
  await writeFile(
    join(repository, 'agent.yaml'),
    JSON.stringify(
      pair.agentFile('a1', {
        ...SHARED,
        version: 2,
        connectors: [{ name: 'orders-db', kind: 'tcp', address: 'db.internal:5432' }],
      }),
    ),
  );
  await writeFile(join(repository, 'gateway.yaml'), gatewayFile('orders-bd'));
  const misnamed = await run('sh ci/check.sh', { GATEWAY: 'gateway.yaml', FORMAT: 'github' });
  assert.equal(misnamed.code, 1, misnamed.stderr);
  assert.match(misnamed.stdout, /^::error file=gateway\.yaml,line=7,.*title=UNKNOWN_CONNECTOR/m);
  await writeFile(join(repository, 'gateway.yaml'), gatewayFile('orders-db'));
  assert.equal((await run('sh ci/check.sh', { GATEWAY: 'gateway.yaml' })).code, 0);
  await write(2, { drain: { timeout: '9s' } });

  const unconfirmed = await run('sh ci/deploy.sh');
  assert.equal(unconfirmed.code, 1);
  assert.match(unconfirmed.stderr, /--yes/);
  const deployed = run('sh ci/deploy.sh', { CONFIRM: 'yes', TIMEOUT: '60s' });
  daemon.apply(pair.agentConfig('a1', { ...SHARED, version: 2, drain: { timeout: '9s' } }));
  const { code, stderr } = await deployed;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /1 of 1 connected agents run version 2/);
});

test('the pipelines of examples/ci are YAML and run the scripts', async () => {
  const read = async (file: string) =>
    parse(await readFile(join(ROOT, 'examples/ci', file), 'utf8')) as object;
  for (const file of ['github/penstock.yml', 'gitlab/.gitlab-ci.yml']) {
    const text = JSON.stringify(await read(file));
    assert.match(text, /ci\/check\.sh/);
    assert.match(text, /ci\/deploy\.sh/);
  }
});
