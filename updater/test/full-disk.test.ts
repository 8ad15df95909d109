import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@penstock/runtime';
import { pointTo } from '@penstock/services';
import { eventually } from '../../test/rig/eventually.ts';
import { publish } from '../../test/rig/release-directory.ts';
import { publisher } from '../../test/rig/release-files.ts';
import { mountSmallDisk, type SmallDisk, skipWithoutMount } from '../../test/rig/small-disk.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import type { CutPoint } from '../src/context.ts';
import { type Phase, readJournal, writeJournal } from '../src/journal.ts';
import { problemFile, readProblem } from '../src/problem.ts';
import { runUpdater } from '../src/run-updater.ts';
import { currentVersion, stableVersion } from '../src/version-folders.ts';
import { type Behavior, FileHost } from './rig/file-host.ts';
import { quickLimits } from './rig/quick-limits.ts';

const skip = skipWithoutMount();
const retry = { first: 20, max: 100 };

/** A host on 1.0.0 that is asked for 2.0.0, whose journal is on a small disk. */
function prepare(root: string, disk: SmallDisk, behavior: Behavior['as']) {
  mkdirSync(join(root, 'var/lib'), { recursive: true });
  symlinkSync(disk.path, join(root, 'var/lib/penstock-updater'));
  const host = new FileHost(root);
  host.install('1.0.0');
  host.change({ behaviors: { '2.0.0': behavior } });
  const files = join(root, 'files');
  mkdirSync(files);
  const release = publisher();
  publish(files, release, '2.0.0');
  host.ask({ to: '2.0.0', files });
  const log: string[] = [];
  const run = ({ isBoot = false, reached = (_point: CutPoint) => {} } = {}) =>
    runUpdater(
      {
        host,
        limits: quickLimits,
        sequence: 0,
        rootKeys: release.trust.rootKeys,
        clock: systemClock,
        log: (line) => log.push(line),
        reached,
      },
      { isBoot, retry },
    );
  const versions = () => [
    currentVersion(host.layout),
    stableVersion(host.layout),
    host.state.service.version,
  ];
  const phase = () => readJournal(host.layout.updater)?.phase;
  return { host, run, log, versions, phase, problem: () => readProblem(host.layout.updaterRuntime) };
}

const named = (phase: Phase | undefined) => [phase?.name, phase && 'code' in phase ? phase.code : undefined];

test('an updater that cannot write its journal says so, waits longer each time, and goes on when there is room', {
  skip,
}, async () => {
  await using disk = mountSmallDisk();
  await using directory = await temporaryDirectory();
  const { host, run, log, versions, phase, problem } = prepare(directory.path, disk, 'good');
  disk.fill();
  const end = run();
  await eventually('three attempts', () => log.filter((line) => line.includes('Trying again')).length >= 3);
  const said = problem();
  assert.equal(said?.code, 'DISK_FULL');
  assert.match(said?.detail ?? '', /journal\.json cannot be written: ENOSPC/);
  assert.deepEqual(versions(), ['1.0.0', '1.0.0', '1.0.0']);
  await disk.makeRoom();
  assert.equal(await end, 'done');
  // The switch needs its marker first: without room for it, nothing is switched.
  assert.deepEqual(named(phase()), ['failed', 'DISK_FULL']);
  assert.equal(problem(), undefined);
  host.ask({ to: '2.0.0', files: join(directory.path, 'files') });
  writeFileSync(problemFile(host.layout.updaterRuntime), JSON.stringify(said));
  let during = problem();
  assert.ok(during !== undefined);
  const reached = () => {
    during = problem();
  };
  assert.equal(await run({ reached }), 'done');
  assert.equal(during, undefined, 'it is no problem any more as soon as the updater goes on');
  assert.deepEqual(named(phase()), ['committed', undefined]);
  assert.deepEqual(versions(), ['2.0.0', '2.0.0', '2.0.0']);
});

for (const [behavior, version, ended] of [
  ['good', '2.0.0', ['committed', undefined]],
  ['exits', '1.0.0', ['rolled-back', 'EXITED']],
] as const) {
  test(`a disk that becomes full during a switch does not stop the watch over a version that is ${behavior}`, {
    skip,
  }, async () => {
    await using disk = mountSmallDisk();
    await using directory = await temporaryDirectory();
    const { run, versions, phase, problem } = prepare(directory.path, disk, behavior);
    const end = run({
      reached(at) {
        if (at === 'restarted') disk.fill();
      },
    });
    await eventually('the problem to be reported', () => problem()?.code === 'DISK_FULL');
    assert.deepEqual(versions(), [version, version, version]);
    await disk.makeRoom();
    assert.equal(await end, 'done');
    assert.deepEqual(named(phase()), ended);
  });
}

for (const isBootUnitRun of [true, false]) {
  const what = isBootUnitRun ? 'has the previous version run until there is room' : 'does not stop the watch';
  test(`a disk that is full after a reboot during a probation ${what}`, { skip }, async () => {
    await using disk = mountSmallDisk();
    await using directory = await temporaryDirectory();
    const { host, run, phase, problem } = prepare(directory.path, disk, 'good');
    host.ask({ to: '2.0.0', files: join(directory.path, 'files'), isStageOnly: true });
    await run();
    const staged = readJournal(host.layout.updater);
    assert.ok(staged?.phase.name === 'staged');
    const [service] = host.services();
    assert.ok(service !== undefined);
    const services = [{ name: service.name, invocation: host.observe(service.name).invocation, failing: [] }];
    writeJournal(host.layout.updater, {
      ...staged,
      phase: { name: 'probation', upgrade: staged.phase.upgrade, attempt: 1, boot: host.boot, services },
      since: Date.now(),
    });
    pointTo(host.layout, host.layout.current, '2.0.0');
    host.change({ boot: 'boot-2' });
    disk.fill();
    if (isBootUnitRun) assert.equal(await run({ isBoot: true }), 'busy');
    host.startServices();
    if (!isBootUnitRun) host.change({ behaviors: { '2.0.0': 'exits' } });
    const end = run();
    await eventually('the problem to be reported', () => problem()?.code === 'DISK_FULL');
    assert.equal(host.state.service.version, '1.0.0');
    await disk.makeRoom();
    assert.equal(await end, 'done');
    assert.deepEqual(named(phase()), isBootUnitRun ? ['committed', undefined] : ['rolled-back', 'EXITED']);
    const expected = isBootUnitRun ? '2.0.0' : '1.0.0';
    assert.deepEqual([currentVersion(host.layout), host.state.service.version], [expected, expected]);
  });
}

test('a rollback that failed is repeated while the disk is full', { skip }, async () => {
  await using disk = mountSmallDisk();
  await using directory = await temporaryDirectory();
  const { host, run, log, versions, phase } = prepare(directory.path, disk, 'exits');
  // Of the installation, of the switch, and of the rollback.
  const restarts = 3;
  const end = run({
    reached(at) {
      if (at !== 'probation-written') return;
      disk.fill();
      host.change({ restartsFailing: 2 });
    },
  });
  await eventually('the rollback', () => host.state.restarts === restarts);
  assert.equal(log.filter((line) => line.includes('cannot be restarted')).length, 2);
  await disk.makeRoom();
  assert.equal(await end, 'done');
  assert.deepEqual(named(phase()), ['rolled-back', 'EXITED']);
  assert.deepEqual(versions(), ['1.0.0', '1.0.0', '1.0.0']);
});
