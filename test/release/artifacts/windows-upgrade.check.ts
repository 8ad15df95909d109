import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import pg from 'pg';
import { eventually } from '../../rig/eventually.ts';
import { startPair } from '../../rig/pair.ts';
import { Postgres } from '../../rig/postgres.ts';
import { publish } from '../../rig/release-directory.ts';
import { publisher } from '../../rig/release-files.ts';
import { quickly } from '../../rollouts/config-fleet.ts';
import { releaseFolder, skipIfAbsent, VERSION, workFolder } from './built-release.ts';
import { windowsVersion } from './windows-versions.ts';
import { skipWithoutWine, Wine } from './wine.ts';

const DOWNLOADS = String.raw`C:\downloads`;
const HOME = String.raw`C:\Program Files\Penstock`;
const CURRENT = String.raw`${HOME}\current\penstock-agent.exe`;
const DATA = String.raw`C:\ProgramData\Penstock`;
const UPDATER_STATE = String.raw`C:\Program Files\Penstock\updater`;
const CONFIG = String.raw`${DATA}\agent.yaml`;
const SHAWL = String.raw`${HOME}\shawl.exe`;
const SERVICE = 'penstock-agent';
const UPDATER = 'penstock-updater';
const PLATFORM = { os: 'win32', arch: 'x64' };
const windows = { program: 'penstock-agent', kind: 'executable', ...PLATFORM } as const;
/** Seconds. */
const PROBATION = 10;

test('the updater of Windows switches to a good version, back from bad ones, and finishes a switch at boot', {
  skip: skipIfAbsent(windows) || skipWithoutWine(),
  timeout: 1_500_000,
}, async () => {
  await using work = await workFolder();
  const release = publisher();
  const { rootKeys } = release.trust;
  const build = (version: string, prefix?: string) =>
    windowsVersion(work.path, { version, rootKeys, ...(prefix !== undefined && { prefix }) });
  await using postgres = await Postgres.start();
  await using pair = await startPair({
    targets: { db: postgres.address.port },
    agents: {},
    gateway: { pools: [{ name: 'dc1', minReady: 0, upgrade: { ...quickly, deadline: '5m' } }] },
  });
  await using wine = await Wine.start();
  const place = (path: string) => join(wine.drive, ...path.slice('C:\\'.length).split('\\'));
  const releases = String.raw`C:\releases`;
  for (const folder of [DOWNLOADS, DATA, releases]) mkdirSync(place(folder), { recursive: true });
  writeFileSync(place(String.raw`${DOWNLOADS}\agent.exe`), await build('1.0.0'));
  writeFileSync(
    place(String.raw`${DOWNLOADS}\shawl.exe`),
    readFileSync(join(releaseFolder, VERSION, 'shawl.exe')),
  );
  writeFileSync(place(String.raw`${DATA}\token`), pair.token);
  const identity = {
    directory: String.raw`${DATA}\penstock-agent\identity`,
    enrollmentToken: `\${file:${DATA}\\token}`,
  };
  const upgrade = { source: releases };
  writeFileSync(
    place(CONFIG),
    JSON.stringify(
      pair.agentFile('windows-a', { identity, upgrade, policy: { remote: { upgrade: 'allow' } } }),
    ),
  );
  const ok = (...words: readonly string[]) => {
    const { status, stdout, stderr } = wine.run(...words);
    assert.equal(status, 0, `${words.join(' ')}: ${stdout}${stderr}\n${logs()}`);
    return stdout;
  };
  const logs = () =>
    [place(`${DATA}\\penstock-agent`), place(UPDATER_STATE)]
      .filter((folder) => existsSync(folder))
      .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
      .filter((file) => file.endsWith('.log'))
      .map((file) => readFileSync(file, 'utf8').slice(-5_000))
      .join('\n');
  const within = { within: 180_000, every: 500, state: logs };
  const journal = () =>
    JSON.parse(readFileSync(place(String.raw`${UPDATER_STATE}\journal.json`), 'utf8')) as {
      phase: { name: string; upgrade?: { to: string }; code?: string; attempt?: number };
      previous?: string;
    };
  const updaterStarts = () => {
    const folder = place(UPDATER_STATE);
    const names = readdirSync(folder).filter((name) => name.endsWith('.log'));
    const text = names.map((name) => readFileSync(join(folder, name), 'utf8')).join('');
    return text.split('Launching command').length - 1;
  };
  // Read here: programs of Wine keep this process, and its gateway, waiting.
  const isIn = (version: string, name: string, code?: string) => {
    const { phase } = journal();
    return phase.upgrade?.to === version && phase.name === name && phase.code === code;
  };
  const runs = async (version: string) => {
    const { state, softwareVersion } = await pair.api('GET /agents/windows-a');
    return state === 'connected' && softwareVersion === version;
  };
  const committed = (version: string) =>
    eventually(
      `${version} to be committed`,
      async () => isIn(version, 'committed') && (await runs(version)),
      within,
    );
  const rolledBack = (version: string, code: string) =>
    eventually(
      `${version} to be rolled back to 2.0.0`,
      async () => isIn(version, 'rolled-back', code) && (await runs('2.0.0')),
      within,
    );
  const query = (what: string) =>
    eventually(
      what,
      async () => {
        const client = new pg.Client(postgres.clientConfig({ host: '127.0.0.1', port: pair.port('db') }));
        client.on('error', () => {});
        try {
          await client.connect();
          return (await client.query('select 1 as one')).rows[0].one === 1;
        } finally {
          await client.end().catch(() => {});
        }
      },
      within,
    );
  // Wine's sc.exe has no config: the installation ends there, and everything before it is done.
  const install = wine.run(String.raw`${DOWNLOADS}\agent.exe`, 'service', 'install', '--config', CONFIG);
  assert.match(install.stderr, /This step failed: C:\\windows\\System32\\sc\.exe config penstock-updater/i);
  assert.equal(readdirSync(place(String.raw`${HOME}\versions`)).join(), '1.0.0');
  // The probation of the service is ten minutes, so its wrapper is installed once more, with the option of tests.
  const add = install.stdout.split(/\r?\n/).find((line) => line.includes('add --name penstock-updater'));
  assert.ok(add);
  ok('sc.exe', 'delete', UPDATER);
  const [, ...words] = [...add.matchAll(/"([^"]*)"|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? '',
  );
  ok(SHAWL, ...words, '--probation', String(PROBATION));
  ok('sc.exe', 'start', UPDATER);
  ok('sc.exe', 'start', SERVICE);
  await query('a query through the agent');
  assert.match(
    ok(CURRENT, 'service', 'status'),
    /penstock-agent: RUNNING\s+penstock-updater: RUNNING\s+version 1\.0\.0/,
  );

  // The gateway rolls out 2.0.0.
  const publishVersion = async (version: string, prefix?: string) => {
    sequence += 1;
    const changes = { release: { sequence }, latest: { sequence } };
    publish(place(releases), release, version, {
      content: await build(version, prefix),
      platform: PLATFORM,
      changes,
    });
  };
  let sequence = 100;
  await publishVersion('2.0.0');
  const rollout = await pair.api('POST /rollouts', { software: { pools: ['dc1'], version: '2.0.0' } });
  await committed('2.0.0');
  await query('a query after the rollout');
  await eventually(
    'the rollout to be done',
    async () => (await pair.api(`GET /rollouts/${rollout['id']}`))['state'] === 'done',
    within,
  );
  await eventually('the updater to run from 2.0.0', () => updaterStarts() === 2, within);

  // An administrator installs versions that do not work, and a good one, during whose probation the host dies for the third time.
  const now = (version: string) =>
    ok(CURRENT, 'upgrade', 'now', '--to', version, '--from', releases, '--no-wait');
  const isRun = "process.argv.includes('run')";
  await publishVersion('3.0.0', `if (${isRun}) process.exit(3);`);
  now('3.0.0');
  await rolledBack('3.0.0', 'EXITED');
  await publishVersion('4.0.0', `if (${isRun}) setTimeout(() => process.exit(1), 8_000);`);
  now('4.0.0');
  await rolledBack('4.0.0', 'EXITED');
  await query('a query after two versions that do not work');
  await publishVersion('5.0.0');
  now('5.0.0');
  await eventually('5.0.0 to be on probation', () => isIn('5.0.0', 'probation'), within);
  for (const service of [UPDATER, SERVICE]) ok('sc.exe', 'stop', service);
  await eventually(
    'both to have stopped',
    () => !wine.run(CURRENT, 'service', 'status').stdout.includes('RUNNING'),
    within,
  );
  const before = journal();
  writeFileSync(
    place(String.raw`${UPDATER_STATE}\journal.json`),
    JSON.stringify({ ...before, phase: { ...before.phase, attempt: 3 } }),
  );
  // Without this file, the updater takes the next start for a boot. Of Wine's services, none starts at boot.
  rmSync(place(String.raw`${UPDATER_STATE}\boot.json`));
  const key = `HKLM\\SYSTEM\\CurrentControlSet\\Services\\${SERVICE}`;
  ok('reg.exe', 'add', key, '/v', 'Start', '/t', 'REG_DWORD', '/d', '2', '/f');
  ok('sc.exe', 'start', UPDATER);
  await rolledBack('5.0.0', 'INTERRUPTED');
  await query('a query after the boot');

  ok(CURRENT, 'upgrade', 'rollback', '--no-wait');
  await committed('1.0.0');
  await query('a query after the way back');
  assert.match(ok(CURRENT, 'upgrade', 'status'), /current +1\.0\.0/);
  const uninstalled = ok(CURRENT, 'service', 'uninstall');
  assert.match(uninstalled, /sc\.exe delete penstock-updater.*sc\.exe delete penstock-agent/s);
  assert.match(wine.run(CURRENT, 'service', 'status').stdout, /not installed/);
});
