import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@penstock/runtime';
import { type Layout, layoutBelow, pointTo, type ServiceState } from '@penstock/services';
import { publish } from '../../test/rig/release-directory.ts';
import { publisher } from '../../test/rig/release-files.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { HEALTH_FILE } from '../src/health.ts';
import { readJournal } from '../src/journal.ts';
import { REQUEST_FILE } from '../src/request.ts';
import { serveUpdater } from '../src/serve-updater.ts';
import { currentVersion, stableVersion } from '../src/version-folders.ts';
import { WindowsBoot } from '../src/windows-boot.ts';
import { type WindowsHostOptions, windowsUpdaterHost } from '../src/windows-host.ts';
import { quickLimits } from './rig/quick-limits.ts';

const AGENT = 'penstock-agent';
const HOUR_MS = 3_600_000;

/**
 * Folders of this machine that stand for those of a Windows, with version 1.0.0, and a fake of its service manager. An agent that
 * is started writes its health as the version of its pointer, unless that is `deaf`.
 */
function windowsBelow(root: string, { names = [AGENT], deaf = '' } = {}) {
  const layout: Layout = { ...layoutBelow(root), pointers: 'hard-links', suffix: '.exe' };
  mkdirSync(join(layout.versions, '1.0.0'), { recursive: true });
  mkdirSync(layout.updater, { recursive: true });
  writeFileSync(join(layout.versions, '1.0.0', 'penstock-agent.exe'), '1.0.0');
  for (const pointer of [layout.current, layout.stable]) pointTo(layout, pointer, '1.0.0');
  const directoryOf = (name: string) => join(root, 'data', name);
  const states = new Map<string, ServiceState>();
  const calls: string[] = [];
  for (const name of names) mkdirSync(directoryOf(name), { recursive: true });
  const stopped: ServiceState = { state: 'STOPPED', exitCode: 0 };
  let starts = 0;
  const write = (name: string, file: string, content: object) =>
    writeFileSync(join(directoryOf(name), file), JSON.stringify({ format: 1, ...content }));
  const services: WindowsHostOptions['services'] = {
    names: () => names,
    query: (name) => states.get(name) ?? stopped,
    commandLine: (name) =>
      `C:\\shawl.exe run --name ${name} --cwd ${directoryOf(name)} --env A=${name} -- ` +
      `${join(layout.current, 'penstock-agent.exe')} run --config /etc/${name}.yaml`,
    startsAtBoot: (name) => !name.endsWith('manual'),
    stop(name) {
      calls.push(`stop ${name}`);
      states.set(name, stopped);
    },
    start(name) {
      calls.push(`start ${name}`);
      states.set(name, { state: 'RUNNING', exitCode: 0 });
      const version = currentVersion(layout) ?? '';
      starts += 1;
      const health = { version, acknowledged: true, sessions: { ready: 1, wanted: 1 }, failing: [] };
      if (version !== deaf)
        write(name, HEALTH_FILE, {
          ...health,
          process: `p${starts}`,
          at: Date.now() + HOUR_MS,
          isGatewayBusy: false,
        });
    },
  };
  const host = ({ uptime = HOUR_MS } = {}) =>
    windowsUpdaterHost({
      layout,
      services,
      boot: new WindowsBoot(layout.updater, { uptime: () => uptime, wall: () => Date.now() }),
      run: ([executable = '', word], environment) => ({
        status: environment === undefined || environment['A'] === AGENT ? 0 : 1,
        stdout: word === 'self-check' ? (/versions.\.staging-([0-9.]+)/.exec(executable)?.[1] ?? '') : '',
        stderr: '',
      }),
      environment: { SystemRoot: 'C:\\Windows' },
      platform: { os: 'win32', arch: 'x64' },
      isUpgradeAllowed: () => true,
      now: () => performance.now(),
    });
  return { layout, states, calls, host, write, directoryOf, services };
}

test('only services that run the agent behind the pointer are those of the updater, with their folder and variables', async () => {
  await using directory = await temporaryDirectory();
  const { host, services } = windowsBelow(directory.path, { names: [AGENT, 'penstock-agent-other'] });
  const known = host().services();
  assert.deepEqual(
    known.map(({ name, config }) => [name, config]),
    [
      [AGENT, `/etc/${AGENT}.yaml`],
      ['penstock-agent-other', '/etc/penstock-agent-other.yaml'],
    ],
  );
  const { commandLine } = services;
  services.commandLine = (name) => commandLine(name).replace('current', 'elsewhere');
  assert.deepEqual(host().services(), []);
});

test('a service is what the manager says, and its process is the one that has written its health', async () => {
  await using directory = await temporaryDirectory();
  const { host, states, services } = windowsBelow(directory.path);
  const windows = host();
  services.start(AGENT);
  assert.deepEqual(windows.observe(AGENT), { state: 'active', isHung: false, invocation: 'p1' });
  windows.restart(AGENT);
  assert.equal(windows.observe(AGENT).invocation, 'p2');
  const seen = (state: ServiceState['state'], exitCode = 0) => {
    states.set(AGENT, { state, exitCode });
    return windows.observe(AGENT).state;
  };
  assert.deepEqual(
    [seen('START_PENDING'), seen('STOP_PENDING'), seen('STOPPED'), seen('STOPPED', 1066)],
    ['starting', 'stopping', 'stopped', 'failed'],
  );
});

test('health that the process before has written is not that of the next one', async () => {
  await using directory = await temporaryDirectory();
  const { host, services, directoryOf } = windowsBelow(directory.path, { deaf: '1.0.0' });
  const windows = host();
  writeFileSync(join(directoryOf(AGENT), HEALTH_FILE), '{}');
  windows.restart(AGENT);
  assert.ok(!existsSync(join(directoryOf(AGENT), HEALTH_FILE)));
  services.stop(AGENT);
  writeFileSync(join(directoryOf(AGENT), HEALTH_FILE), '{}');
  windows.startAtBoot();
  assert.ok(!existsSync(join(directoryOf(AGENT), HEALTH_FILE)));
});

test('what an updater has stopped, and was killed before it could start it, is started by the next one', async () => {
  await using directory = await temporaryDirectory();
  const { host, services, calls, states } = windowsBelow(directory.path);
  const { start } = services;
  services.start = () => {
    throw new Error('killed');
  };
  assert.throws(() => host().restart(AGENT), /killed/);
  assert.equal(states.get(AGENT)?.state, 'STOPPED');
  services.start = start;
  host().finishRestarts();
  assert.equal(states.get(AGENT)?.state, 'RUNNING');
  host().finishRestarts();
  assert.deepEqual(calls, [`stop ${AGENT}`, `start ${AGENT}`]);
});

test('at boot, the agents that start at boot are started, and no others', async () => {
  await using directory = await temporaryDirectory();
  const { host, calls } = windowsBelow(directory.path, {
    names: [AGENT, 'penstock-agent-manual'],
  });
  host().startAtBoot();
  host().startAtBoot();
  assert.deepEqual(calls, [`start ${AGENT}`]);
});

test('a boot has a name that outlives the updater, and not the boot', async () => {
  await using directory = await temporaryDirectory();
  let [uptime, wall] = [HOUR_MS, Date.now()];
  const boot = () => new WindowsBoot(directory.path, { uptime: () => uptime, wall: () => wall });
  const first = boot();
  assert.ok(first.isNew);
  uptime += HOUR_MS;
  wall += HOUR_MS + 1_000;
  const second = boot();
  assert.deepEqual([second.isNew, second.id], [false, first.id]);
  // The clock is set while the updater looks.
  wall += HOUR_MS;
  second.follow();
  assert.ok(!boot().isNew);
  uptime = 20_000;
  wall += 60_000;
  const third = boot();
  assert.ok(third.isNew);
  assert.notEqual(third.id, first.id);
});

test('an agent asks for what is in its own folder, and for nothing elsewhere', async () => {
  await using directory = await temporaryDirectory();
  const { host, write, directoryOf } = windowsBelow(directory.path);
  const own = join(directoryOf(AGENT), 'upgrade');
  const isAsked = (files?: string) => {
    write(AGENT, REQUEST_FILE, { id: 'r1', to: '2.0.0', ...(files !== undefined && { files }) });
    return [...host().requests()].length === 1;
  };
  mkdirSync(own);
  assert.deepEqual(
    [isAsked(), isAsked(own), isAsked('/elsewhere'), isAsked(`${own}/..`)],
    [true, true, false, false],
  );
  const elsewhere = join(directory.path, 'elsewhere');
  mkdirSync(elsewhere);
  const { path } = await moved(own, elsewhere);
  assert.ok(!isAsked(path), 'a link leads elsewhere');
});

async function moved(own: string, elsewhere: string): Promise<{ readonly path: string }> {
  const { rmdir } = await import('node:fs/promises');
  await rmdir(own);
  symlinkSync(elsewhere, own);
  return { path: own };
}

for (const [deaf, end] of [
  ['', 'committed'],
  ['2.0.0', 'rolled-back'],
] as const) {
  test(`the service upgrades an agent, which is ${end}, and ends when another version has proved itself`, async () => {
    await using directory = await temporaryDirectory();
    const { host, layout, write, directoryOf, services, calls } = windowsBelow(directory.path, { deaf });
    const release = publisher();
    publish(join(directoryOf(AGENT), 'upgrade'), release, '2.0.0', {
      platform: { os: 'win32', arch: 'x64' },
    });
    services.start(AGENT);
    const ask = (id: string, to: string, back = false) =>
      write(AGENT, REQUEST_FILE, {
        id,
        to,
        back,
        files: join(directoryOf(AGENT), 'upgrade'),
        until: Date.now() + HOUR_MS,
      });
    ask('r1', '2.0.0');
    const abort = new AbortController();
    const clock = {
      ...systemClock,
      // Hours pass while nobody asks, and what follows a rollback ends the service.
      after(milliseconds: number, callback: () => void) {
        if (readJournal(layout.updater)?.phase.name === 'rolled-back') abort.abort();
        return systemClock.after(Math.min(milliseconds, 5), () =>
          abort.signal.aborted ? ended.resolve() : callback(),
        );
      },
    };
    const ended = Promise.withResolvers<void>();
    const served = serveUpdater({
      host: host(),
      limits: { ...quickLimits, healthTimeout: 2 * HOUR_MS, readyTimeout: 50 },
      rootKeys: release.trust.rootKeys,
      sequence: 0,
      clock,
      log: () => {},
      version: '1.0.0',
    });
    await Promise.race([served, ended.promise]);
    const { phase } = readJournal(layout.updater) ?? {};
    assert.equal(phase?.name, end);
    const expected = end === 'committed' ? '2.0.0' : '1.0.0';
    assert.deepEqual([currentVersion(layout), stableVersion(layout)], [expected, expected]);
    if (end === 'rolled-back') assert.equal(phase?.name === 'rolled-back' && phase.code, 'HUNG');
    const restarts = end === 'committed' ? 1 : 2;
    assert.equal(calls.filter((call) => call === `stop ${AGENT}`).length, restarts);
    assert.deepEqual(readdirSync(layout.current), ['penstock-agent.exe']);
  });
}
