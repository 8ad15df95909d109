import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import pg from 'pg';
import { eventually } from '../../rig/eventually.ts';
import { startPair } from '../../rig/pair.ts';
import { Postgres } from '../../rig/postgres.ts';
import { fileOf, releaseFolder, skipIfAbsent, VERSION } from './built-release.ts';
import { skipWithoutWine, Wine } from './wine.ts';

const FOLDER = String.raw`C:\Program Files\Penstock`;
const AGENT = String.raw`${FOLDER}\penstock-agent.exe`;
const DATA = String.raw`C:\ProgramData\Penstock`;
const CONFIG = String.raw`${DATA}\agent.yaml`;
const SERVICE = 'penstock-agent';
const windows = { program: 'penstock-agent', kind: 'executable', os: 'win32', arch: 'x64' } as const;

test('the agent for Windows serves queries as a service, restarts when killed, and drains when stopped', {
  skip: skipIfAbsent(windows) || skipWithoutWine(),
  timeout: 1_200_000,
}, async () => {
  await using postgres = await Postgres.start();
  await using pair = await startPair({ targets: { db: postgres.address.port }, agents: {} });
  await using wine = await Wine.start();
  const place = (path: string) => join(wine.drive, ...path.slice('C:\\'.length).split('\\'));
  for (const folder of [FOLDER, DATA]) mkdirSync(place(folder), { recursive: true });
  copyFileSync(fileOf(windows), place(AGENT));
  copyFileSync(join(releaseFolder, VERSION, 'shawl.exe'), join(place(FOLDER), 'shawl.exe'));
  writeFileSync(place(String.raw`${DATA}\token`), pair.token);
  const identity = {
    directory: String.raw`${DATA}\penstock-agent\identity`,
    enrollmentToken: `\${file:${DATA}\\token}`,
  };
  writeFileSync(place(CONFIG), JSON.stringify(pair.agentFile('windows-a', { identity })));
  const ok = (...words: readonly string[]) => {
    const { status, stdout, stderr } = wine.run(...words);
    assert.equal(status, 0, `${words.join(' ')}: ${stdout}${stderr}`);
    return stdout;
  };

  assert.equal(ok(AGENT, '--version').trim(), VERSION);
  assert.equal(JSON.parse(ok(AGENT, 'self-check', '--output', 'json')).os, 'win32');
  ok(AGENT, 'config', 'validate', CONFIG);
  assert.match(ok(AGENT, 'service', 'install', '--config', CONFIG, '--dry-run'), /create C:\\ProgramData/);

  // Wine's sc.exe has no config, sidtype and failureflag: both services are there afterwards, as shawl has added them.
  const install = wine.run(AGENT, 'service', 'install', '--config', CONFIG);
  assert.match(install.stderr, /This step failed: C:\\windows\\System32\\sc\.exe config penstock-updater/i);
  assert.match(wine.run(AGENT, 'service', 'status').stdout, /STOPPED/);
  // Again, which finds the service that is half installed.
  const again = wine.run(AGENT, 'service', 'install', '--config', CONFIG);
  assert.doesNotMatch(again.stdout, /shawl\.exe" add|binPath=/);
  // Alone: below, the agent is killed by the name that the program of the updater has too.
  ok('sc.exe', 'start', SERVICE);
  assert.match(
    wine.run(AGENT, 'service', 'status').stdout,
    /penstock-agent: RUNNING\s+penstock-updater: STOPPED/,
  );

  const log = () =>
    readdirSync(place(String.raw`${DATA}\penstock-agent`))
      .filter((name) => name.endsWith('.log'))
      .map((name) => readFileSync(join(place(String.raw`${DATA}\penstock-agent`), name), 'utf8'))
      .join('\n');
  const query = (what: string) =>
    eventually(
      what,
      async () => {
        const client = new pg.Client(postgres.clientConfig({ host: '127.0.0.1', port: pair.port('db') }));
        client.on('error', () => {});
        try {
          await client.connect();
          const { rows } = await client.query("select length(repeat('x', 3000000)) as length");
          return rows[0].length === 3_000_000;
        } finally {
          await client.end().catch(() => {});
        }
      },
      { within: 120_000, every: 500, state: () => log().slice(-4_000) },
    );
  await query('a query through the agent');
  const started = () => log().split('"agent-started').length + log().split('\\"agent-started').length;
  const before = started();
  ok('taskkill.exe', '/f', '/im', 'penstock-agent.exe');
  await eventually('another process', () => started() > before, {
    within: 120_000,
    every: 500,
    state: () => log().slice(-4_000),
  });
  await query('a query after the restart');
  assert.match(ok(AGENT, 'service', 'uninstall'), /sc\.exe stop/);
  assert.match(log(), /agent-draining.*agent-stopped.*exited after \d+ ms with code 0/s);
  assert.match(wine.run(AGENT, 'service', 'status').stdout, /not installed/);
});
