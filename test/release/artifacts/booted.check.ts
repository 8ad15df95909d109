import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { BootedHost, skipWithoutBoot } from '../../rig/booted-host.ts';
import { eventually } from '../../rig/eventually.ts';
import { skipWithout } from '../../rig/optional.ts';
import { agentFile, put } from '../../rig/penstock-host.ts';
import { fileOf, releaseFolder, skipIfAbsent, VERSION } from './built-release.ts';

const SHARE = '/srv/release';
/** Two executables, unpacked and while they are replaced. */
const DISK_BYTES = 2 * 1024 ** 3;
const MAX_EXPOSURE = 1.5;
const here = { os: 'linux', arch: 'x64' } as const;
const skip = skipWithoutBoot() || skipWithout('dpkg') || skipIfAbsent({ kind: 'deb', ...here });

const bootHost = () => BootedHost.boot({ share: { [SHARE]: releaseFolder }, diskBytes: DISK_BYTES });

async function expectActive(host: BootedHost, unit: string): Promise<void> {
  await eventually(
    `${unit} to be active`,
    () => {
      assert.equal(host.unit(unit, 'ActiveState')['ActiveState'], 'active', host.journal(unit));
      return true;
    },
    { within: 60_000 },
  );
  const security = host.ok('systemd-analyze', 'security', '--no-pager', unit);
  const [, exposure] = /Overall exposure level for \S+: ([0-9.]+)/.exec(security) ?? [];
  assert.ok(Number(exposure) <= MAX_EXPOSURE, `${unit} has the exposure ${exposure}.`);
}

test('packages on a host with systemd: install, configure, start, upgrade, purge', {
  skip,
  timeout: 600_000,
}, async () => {
  await using host = await bootHost();
  const deb = (program: string) =>
    `${SHARE}/${VERSION}/${basename(fileOf({ program, kind: 'deb', ...here }))}`;
  host.ok('dpkg', '--install', deb('penstock-agent'), deb('penstock-gateway'));
  assert.equal(host.ok('penstock-agent', 'self-check').trim(), VERSION);
  // Installed, and not started: it has no configuration yet.
  assert.equal(host.unit('penstock-agent', 'ActiveState')['ActiveState'], 'inactive');

  put(host, '/etc/penstock/agent.yaml', agentFile());
  put(host, '/etc/credstore/penstock-agent.enrollment-token', 'pst_enroll_x\n');
  host.ok('systemctl', 'enable', '--now', 'penstock-agent');
  await expectActive(host, 'penstock-agent.service');

  const config = [
    'apiVersion: penstock/v1',
    'kind: Gateway',
    'version: 1',
    'organization: acme',
    'listen: {tunnel: "127.0.0.1:0", admin: "127.0.0.1:0"}',
    'dataDirectory: /var/lib/penstock-gateway/data',
    'pools: [{name: dc1}]',
    'connections: []',
  ];
  put(host, '/etc/penstock/gateway.yaml', `${config.join('\n')}\n`);
  // The command of docs/install.md.
  host.ok(
    ...['systemd-run', '--pipe', '--wait', '--quiet', '--property', 'DynamicUser=yes'],
    ...['--property', 'User=penstock-gateway', '--property', 'StateDirectory=penstock-gateway'],
    ...['--property', 'StateDirectoryMode=0700', '/opt/penstock/current/penstock-gateway', 'init'],
    ...['--config', '/etc/penstock/gateway.yaml', '--host', '127.0.0.1'],
  );
  host.ok('systemctl', 'enable', '--now', 'penstock-gateway');
  await expectActive(host, 'penstock-gateway.service');

  // The same version again: the service restarts with it, and drains first.
  const before = host.unit('penstock-agent', 'MainPID')['MainPID'];
  host.ok('dpkg', '--install', deb('penstock-agent'));
  await expectActive(host, 'penstock-agent.service');
  assert.notEqual(host.unit('penstock-agent', 'MainPID')['MainPID'], before);

  host.ok('dpkg', '--purge', 'penstock-agent');
  assert.equal(host.unit('penstock-agent', 'LoadState')['LoadState'], 'not-found');
  assert.notEqual(host.run(['test', '-e', '/var/lib/private/penstock-agent']).status, 0);
  await expectActive(host, 'penstock-gateway.service');
  host.ok('dpkg', '--purge', 'penstock-gateway');
  assert.notEqual(host.run(['test', '-e', '/opt/penstock']).status, 0);
});

test('the install script and the service of what it installs, on a host with systemd', {
  skip: skip || (!existsSync(`${releaseFolder}/latest.json`) && 'the release is not signed'),
  timeout: 600_000,
}, async () => {
  await using host = await bootHost();
  const script = ['sh', `${SHARE}/install.sh`, 'agent', '--from', SHARE];
  assert.match(host.ok(...script), new RegExp(`penstock-agent ${VERSION} is installed`));
  put(host, '/etc/penstock/agent.yaml', agentFile());
  put(host, '/root/token', 'pst_enroll_x\n');
  host.ok('/usr/local/bin/penstock-agent', 'service', 'install', '--token-file', '/root/token');
  await expectActive(host, 'penstock-agent.service');
  // Again, as for an upgrade by hand.
  assert.match(host.ok(...script), /Restart the service/);
  host.ok('systemctl', 'restart', 'penstock-agent');
  await expectActive(host, 'penstock-agent.service');
  host.ok('/usr/local/bin/penstock-agent', 'service', 'uninstall');
  assert.equal(host.unit('penstock-agent', 'LoadState')['LoadState'], 'not-found');
});
