import assert from 'node:assert/strict';
import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BootedHost, skipWithoutBoot } from '../../test/rig/booted-host.ts';
import { startPair } from '../../test/rig/pair.ts';
import { put } from '../../test/rig/penstock-host.ts';
import { publish } from '../../test/rig/release-directory.ts';
import { publisher } from '../../test/rig/release-files.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { makeVersionTree } from '../../test/rig/version-tree.ts';
import { readHealth } from '../src/health.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const TREE = '/opt/penstock-tree';
const SERVICE = 'penstock-agent.service';
const CONFIG = '/etc/penstock/agent.yaml';
/** Once it exists, version 3.0.0 is killed. */
const KILLED = '/etc/penstock/killed';
/** Once it exists, version 4.0.0 exits at its start. Until then, it hangs. */
const BROKEN = '/etc/penstock/broken';
const IDENTITY = '/var/lib/private/penstock-agent/identity/current.pem';
const VERSIONS = ['1.0.0', '2.0.0', '3.0.0'] as const;
const platform = { os: process.platform, arch: process.arch };

/** Starts the sources of a version; `run` can fail before that. */
const executableOf = (version: string, run = '') =>
  `#!/bin/sh\n${run}exec ${TREE}/node_modules/node/bin/node /opt/tree-${version}/agent/bin/penstock-agent.js "$@"\n`;

test('a host is upgraded, a broken version goes back, and a power cut changes neither', {
  skip: skipWithoutBoot(),
  timeout: 500_000,
}, async (context) => {
  await using trees = await temporaryDirectory();
  const release = publisher();
  const { rootKeys } = release.trust;
  for (const version of VERSIONS)
    makeVersionTree(join(trees.path, version), { version, rootKeys, treeInHost: TREE });
  // Agents renew a certificate of a minute after half of it.
  await using pair = await startPair({
    targets: {},
    agents: {},
    gateway: { identity: { certificateLifetime: '1m' } },
  });
  const releases = join(pair.gatewayConfig.dataDirectory, 'releases');
  await using host = await BootedHost.boot({
    share: {
      [TREE]: ROOT,
      ...Object.fromEntries(VERSIONS.map((version) => [`/opt/tree-${version}`, join(trees.path, version)])),
    },
  });
  put(host, '/root/penstock-agent', executableOf('1.0.0'));
  host.ok('chmod', '755', '/root/penstock-agent');
  put(host, '/root/token', `${pair.token}\n`);
  put(
    host,
    CONFIG,
    JSON.stringify(
      pair.agentFile('dc1-a', {
        identity: {
          directory: '/var/lib/penstock-agent/identity',
          enrollmentToken: `\${file:/run/credentials/${SERVICE}/enrollment-token}`,
        },
        policy: { remote: { upgrade: 'allow' } },
      }),
    ),
  );
  // A probation of ten minutes is the subject of other tests.
  const setProbation = (seconds: number) =>
    put(
      host,
      '/etc/systemd/system/penstock-updater.service.d/probation.conf',
      `[Service]\nExecStart=\nExecStart=/opt/penstock/stable/penstock-agent updater --probation ${seconds}\n`,
    );
  setProbation(2);
  host.ok(
    '/root/penstock-agent',
    'service',
    'install',
    '--config',
    CONFIG,
    '--executable',
    '/root/penstock-agent',
    '--token-file',
    '/root/token',
  );
  const agent = '/opt/penstock/current/penstock-agent';
  /** Waits until the agent runs as a version, and the gateway has acknowledged a heartbeat of it. */
  const ready = async (version: string, within = 60_000) => {
    const since = Date.now();
    await host.until(
      `the agent to be ready as ${version}`,
      () => {
        assert.equal(readlinkSync(host.inside('/opt/penstock/current')), `versions/${version}`);
        const health = readHealth(host.inside('/run/private/penstock-agent'));
        assert.ok(health !== undefined && health.at > since, host.journal(SERVICE));
        const { acknowledged, sessions } = health;
        assert.deepEqual([health.version, acknowledged], [version, true], host.journal(SERVICE));
        return sessions.ready === sessions.wanted;
      },
      within,
    );
  };
  const now = (version: string) =>
    host.runBeside([agent, 'upgrade', 'now', '--config', CONFIG, '--to', version]);
  const journals = () => `${host.journal('penstock-updater.service')}\n${host.journal(SERVICE)}`;
  await ready('1.0.0');

  await context.test('from the gateway, verified, and committed', async () => {
    publish(releases, release, '2.0.0', { content: executableOf('2.0.0'), platform });
    const upgrade = await now('2.0.0');
    assert.match(upgrade.stdout, /^committed, 1\.0\.0 to 2\.0\.0/m, `${upgrade.stderr}\n${journals()}`);
    assert.equal(upgrade.status, 0);
    await ready('2.0.0');
    assert.equal(host.ok('readlink', '/opt/penstock/stable').trim(), 'versions/2.0.0');
    const agents = await pair.api('GET /agents');
    assert.ok(JSON.stringify(agents).includes('"2.0.0"'), JSON.stringify(agents));
  });

  const status = () => JSON.parse(host.ok(agent, 'upgrade', 'status', '--output', 'json')).upgrade;
  const certificate = () => readFileSync(host.inside(IDENTITY), 'utf8');

  await context.test('a version that exits after it has renewed the certificate is rolled back', async () => {
    const kill = `(while [ ! -e ${KILLED} ]; do sleep 0.2; done; kill -KILL $$) &`;
    const content = executableOf('3.0.0', `case "$1" in run) ${kill} ;; esac\n`);
    publish(releases, release, '3.0.0', {
      content,
      platform,
      changes: { release: { sequence: 21 }, latest: { sequence: 41 } },
    });
    setProbation(600);
    host.ok('systemctl', 'daemon-reload');
    const upgrade = now('3.0.0');
    await host.until('the probation', () => status().name === 'probation');
    const before = certificate();
    try {
      await host.until('the renewal', () => certificate() !== before, 240_000);
    } catch (cause) {
      throw new Error(journals(), { cause });
    }
    const { identity } = pair.gatewayConfig;
    await pair.gateway.apply({
      ...pair.gatewayConfig,
      identity: { ...identity, certificateLifetime: 24 * 60 * 60_000 },
    });
    assert.equal(status().name, 'probation', journals());
    put(host, KILLED, '');
    const { status: exitCode, stdout, stderr } = await upgrade;
    assert.match(stdout, /^rolled-back, 2\.0\.0 to 3\.0\.0 \(EXITED\)/m, `${stderr}\n${journals()}`);
    assert.equal(exitCode, 1);
    await ready('2.0.0');
    const enrolled = JSON.stringify(await pair.api('GET /audit?action=agent.enroll'));
    assert.equal(enrolled.split('"action"').length - 1, 1, `it has not enrolled again: ${enrolled}`);
    setProbation(2);
    host.ok('systemctl', 'daemon-reload');
    assert.match((await now('3.0.0')).stdout, /KNOWN_BAD/);
  });

  await context.test('a power cut with a version that fails after the next boot goes back then', async () => {
    const content = executableOf(
      '2.0.0',
      `case "$1" in self-check) echo 4.0.0; exit 0;; run) [ -e ${BROKEN} ] && exit 1; exec sleep 1000;; esac\n`,
    );
    publish(releases, release, '4.0.0', {
      content,
      platform,
      changes: { release: { sequence: 22 }, latest: { sequence: 42 } },
    });
    await host.runBeside([agent, 'upgrade', 'now', '--config', CONFIG, '--to', '4.0.0', '--no-wait']);
    await host.until(
      'the switch',
      () => readlinkSync(host.inside('/opt/penstock/current')) === 'versions/4.0.0',
    );
    const second = host.ok('/opt/penstock/stable/penstock-agent', 'updater');
    assert.match(second, /^Another updater is at work\.$/m);
    put(host, BROKEN, '');
    await host.powerCut();
    await host.start();
    // The updater runs from the stable version, so the broken one cannot stop it.
    await ready('2.0.0', 120_000);
    assert.deepEqual([status().name, status().code], ['rolled-back', 'EXITED'], journals());
  });

  await context.test('the host goes back to the version before when asked', async () => {
    const rollback = await host.runBeside([agent, 'upgrade', 'rollback']);
    assert.equal(rollback.status, 0, `${rollback.stdout}${rollback.stderr}${journals()}`);
    await ready('1.0.0');
  });
});
