import assert from 'node:assert/strict';
import { chmodSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { BootedHost } from '../rig/booted-host.ts';
import { skipWithoutBoot } from '../rig/booted-host.ts';
import { agentFile, bootPenstockHost, put, putExecutable } from '../rig/penstock-host.ts';

const UNIT = 'penstock-agent.service';
const GATEWAY = 'penstock-gateway.service';
const skip = skipWithoutBoot();

const install = (host: BootedHost, ...words: readonly string[]) =>
  host.ok(
    '/root/penstock-agent',
    ...['service', 'install', '--config', '/etc/penstock/agent.yaml', '--executable', '/root/penstock-agent'],
    ...words,
  );
const pidOf = (host: BootedHost, unit = UNIT) => host.unit(unit, 'MainPID')['MainPID'];
const isActive = (host: BootedHost, unit = UNIT) => {
  assert.equal(host.unit(unit, 'ActiveState')['ActiveState'], 'active', host.journal(unit));
  return true;
};
/** Whether another process has taken over; systemd may call a unit active whose process has just ended. */
const isAnother = (host: BootedHost, before: string | undefined, unit = UNIT) => {
  const now = pidOf(host, unit);
  return isActive(host, unit) && now !== '0' && now !== before;
};
/** Pings arrive often enough for it, and a test need not wait for the one that is installed. */
const shortenWatchdog = (host: BootedHost, unit: string, seconds: number) => {
  put(
    host,
    `/etc/systemd/system/${unit}.d/watchdog.conf`,
    `[Service]\nWatchdogSec=${seconds}s\nWatchdogSignal=SIGKILL\n`,
  );
  host.ok('systemctl', 'daemon-reload');
};

const gatewayFile = `apiVersion: penstock/v1
kind: Gateway
version: 1
organization: acme
listen: {tunnel: "127.0.0.1:0", admin: "127.0.0.1:0"}
dataDirectory: /var/lib/penstock-gateway/data
pools: [{name: dc1}]
`;

test('an agent is a service of a host with systemd', { skip, timeout: 460_000 }, async (context) => {
  await using host = await bootPenstockHost();
  put(host, '/etc/penstock/agent.yaml', agentFile());
  put(host, '/root/token', 'pst_first\n');

  await context.test('a dry run changes nothing and prints the units', () => {
    const output = install(host, '--dry-run');
    assert.match(output, /create .*\/penstock-agent\.service/);
    assert.match(output, /Type=notify/);
    assert.equal(host.unit(UNIT, 'LoadState')['LoadState'], 'not-found');
  });

  await context.test('it is ready although its gateway is away, and it keeps itself small', async () => {
    install(host, '--token-file', '/root/token');
    await host.until('the agent to be active', () => isActive(host));
    const unit = host.unit(UNIT, 'Type', 'NotifyAccess', 'NRestarts', 'User', 'DynamicUser', 'StatusErrno');
    assert.deepEqual(
      [unit['Type'], unit['NotifyAccess'], unit['NRestarts'], unit['User'], unit['DynamicUser']],
      ['notify', 'main', '0', 'penstock-agent', 'yes'],
    );
    assert.doesNotMatch(host.journal(UNIT), /ExperimentalWarning/);
    const user = host.ok('ps', '-o', 'user=', '-p', pidOf(host) ?? '').trim();
    assert.notEqual(user, 'root');
    const security = host.ok('systemd-analyze', 'security', '--no-pager', UNIT);
    const [, exposure] = /Overall exposure level for \S+: ([0-9.]+)/.exec(security) ?? [];
    assert.ok(Number(exposure) <= 1.5, `exposure ${exposure}`);
    assert.equal(
      statSync(join(host.root, 'etc/credstore/penstock-agent.enrollment-token')).mode & 0o777,
      0o600,
    );
  });

  await context.test('installing again finds nothing to do', () => {
    assert.match(install(host), /is already installed; nothing to do/);
    const status = host.run(['/root/penstock-agent', 'service', 'status', '--output', 'json']);
    assert.deepEqual(JSON.parse(status.stdout).repairs, []);
    assert.equal(status.status, 0);
  });

  await context.test('it comes back after SIGKILL', async () => {
    const before = pidOf(host);
    host.ok('systemctl', 'kill', '--signal=SIGKILL', UNIT);
    await host.until('another process', () => isAnother(host, before));
  });

  await context.test('a blocked event loop is noticed by the watchdog', async () => {
    shortenWatchdog(host, UNIT, 5);
    host.ok('systemctl', 'restart', UNIT);
    const before = pidOf(host) ?? '';
    host.ok('kill', '-STOP', before);
    await host.until('another process', () => isAnother(host, before));
    assert.match(host.journal(UNIT), /[Ww]atchdog timeout/);
    // Longer than the watchdog: the pings of a live event loop arrive.
    const lastPing = () =>
      Number(host.unit(UNIT, 'WatchdogTimestampMonotonic')['WatchdogTimestampMonotonic']);
    const first = await host.until('a ping', lastPing);
    const after = pidOf(host);
    await host.until('pings for longer than the watchdog', () => lastPing() > first + 6_000_000);
    assert.equal(pidOf(host), after);
    rmSync(join(host.root, `etc/systemd/system/${UNIT}.d`), { recursive: true, force: true });
  });

  await context.test('what is half installed is repaired', async () => {
    const units = join(host.root, 'etc/systemd/system');
    const token = join(host.root, 'etc/credstore/penstock-agent.enrollment-token');
    host.ok('systemctl', 'disable', '--now', UNIT);
    rmSync(join(units, UNIT));
    host.ok('systemctl', 'mask', UNIT);
    host.ok('systemctl', 'mask', '--runtime', 'penstock-updater.timer');
    rmSync(join(host.root, 'opt/penstock/current'));
    // What a crash of the file system, or a careless hand, can leave.
    truncateSync(join(units, 'penstock-updater.path'));
    chmodSync(join(units, 'penstock-updater.service'), 0o600);
    chmodSync(token, 0o644);
    host.ok('chown', '--recursive', 'root:root', '/var/lib/private/penstock-agent');
    const status = host.run(['/root/penstock-agent', 'service', 'status']);
    assert.equal(status.status, 1);
    install(host, '--token-file', '/root/token');
    await host.until('the agent to be active', () => isActive(host));
    assert.equal(host.unit('penstock-updater.timer', 'ActiveState')['ActiveState'], 'active');
    assert.equal(statSync(join(units, 'penstock-updater.service')).mode & 0o777, 0o644);
    assert.equal(statSync(token).mode & 0o777, 0o600);
    assert.match(install(host), /is already installed; nothing to do/);
  });

  await context.test('a changed token reaches the service', async () => {
    const before = pidOf(host);
    put(host, '/root/token', 'pst_second\n');
    assert.match(install(host, '--token-file', '/root/token'), /systemctl restart/);
    await host.until('a restart', () => isAnother(host, before));
    const token = host.ok('cat', '/run/credentials/penstock-agent.service/enrollment-token');
    assert.equal(token, 'pst_second\n');
  });

  await context.test('it starts on a full disk', async () => {
    host.run(['sh', '-c', 'dd if=/dev/zero of=/filler bs=64k 2>/dev/null; true']);
    host.ok('systemctl', 'restart', UNIT);
    await host.until('the agent to be active', () => isActive(host));
    rmSync(join(host.root, 'filler'));
  });

  await context.test('it starts after a reboot and after a power cut', async () => {
    await host.reboot();
    await host.until('the agent to be active', () => isActive(host));
    await host.powerCut();
    await host.start();
    await host.until('the agent to be active', () => isActive(host));
    assert.match(install(host), /is already installed; nothing to do/);
  });

  await context.test(
    'a gateway as a service comes back after SIGKILL and when its event loop is blocked',
    async () => {
      put(host, '/etc/penstock/gateway.yaml', gatewayFile);
      shortenWatchdog(host, GATEWAY, 10);
      putExecutable(host, '/opt/penstock-init', 'gateway');
      host.ok(
        ...['systemd-run', '--pipe', '--wait', '--quiet', '--property', 'DynamicUser=yes'],
        ...['--property', 'User=penstock-gateway', '--property', 'StateDirectory=penstock-gateway'],
        ...['--property', 'StateDirectoryMode=0700', '/opt/penstock-init', 'init'],
        ...['--config', '/etc/penstock/gateway.yaml', '--host', '127.0.0.1'],
      );
      host.ok('/root/penstock-gateway', 'service', 'install', '--executable', '/root/penstock-gateway');
      await host.until('the gateway to be active', () => isActive(host, GATEWAY));
      for (const signal of ['KILL', 'STOP']) {
        const before = pidOf(host, GATEWAY) ?? '';
        assert.match(before, /^[1-9]/, '0 is every process of this group');
        host.ok('kill', `-${signal}`, before);
        await host.until('another process', () => isAnother(host, before, GATEWAY));
      }
      assert.match(host.journal(GATEWAY), /[Ww]atchdog timeout/);
      const unit = host.unit(GATEWAY, 'Type', 'NotifyAccess', 'DynamicUser');
      assert.deepEqual([unit['Type'], unit['NotifyAccess'], unit['DynamicUser']], ['notify', 'main', 'yes']);
      host.ok('/root/penstock-gateway', 'service', 'uninstall');
      assert.equal(host.unit(GATEWAY, 'LoadState')['LoadState'], 'not-found');
    },
  );

  await context.test('it is stopped in order and removed, once and again', () => {
    const uninstall = () => host.ok('/root/penstock-agent', 'service', 'uninstall');
    assert.match(uninstall(), /remove .*penstock-agent\.service/);
    assert.equal(host.unit(UNIT, 'LoadState')['LoadState'], 'not-found');
    assert.match(host.journal(UNIT), /agent-stopped/);
    assert.match(uninstall(), /is not installed/);
    assert.equal(host.run(['/root/penstock-agent', 'service', 'status']).status, 1);
  });
});
