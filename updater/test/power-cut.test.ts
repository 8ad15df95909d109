import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock } from '@penstock/runtime';
import { bundledModule } from '../../test/rig/bundled-module.ts';
import { publish } from '../../test/rig/release-directory.ts';
import { publisher } from '../../test/rig/release-files.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { type CutPoint, cutPoints } from '../src/context.ts';
import { readJournal } from '../src/journal.ts';
import { Updater } from '../src/updater.ts';
import { currentVersion, stableVersion } from '../src/version-folders.ts';
import { FileHost } from './rig/file-host.ts';
import { quickLimits } from './rig/quick-limits.ts';
import { runUpdater } from './rig/run-updater.ts';

const release = publisher();

let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
let program: string;

before(async () => {
  folder = await temporaryDirectory();
  program = join(folder.path, 'updater-process.mjs');
  writeFileSync(program, await bundledModule('updater/test/rig/updater-process.ts'));
});
after(() => folder[Symbol.asyncDispose]());

/** Runs an updater that dies at a point. */
function runUntilCut(root: string, start: 'boot' | 'continue', cutAt: CutPoint) {
  const keys = JSON.stringify(release.trust.rootKeys);
  const { signal, stderr } = spawnSync(process.execPath, [program, root, keys, start, cutAt], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(signal, 'SIGKILL', stderr);
}

/** What the next updater does, of which nothing but the files of the host is left. */
const runNext = (root: string, start: 'boot' | 'continue') =>
  runUpdater({ root, rootKeys: release.trust.rootKeys, isBoot: start === 'boot' });

/** A host on 1.0.0 that is asked for 2.0.0. */
function preparedHost(root: string, behavior: 'good' | 'exits'): FileHost {
  const host = new FileHost(root);
  host.install('1.0.0');
  host.change({ behaviors: { '2.0.0': behavior } });
  const files = join(root, 'files');
  mkdirSync(files);
  publish(files, release, '2.0.0');
  host.ask({ to: '2.0.0', files, rollout: 'r1' });
  return host;
}

/** Points that only a version that fails reaches. */
const isOfRollback = (point: CutPoint) =>
  cutPoints.indexOf(point) >= cutPoints.indexOf('rolling-back-written');

let count = 0;
for (const point of cutPoints.filter((each) => each !== 'resumed')) {
  const behavior = isOfRollback(point) ? 'exits' : 'good';
  const start = count % 2 === 0 ? 'boot' : 'continue';
  count += 1;
  test(`a cut at ${point} is survived, by the next ${start === 'boot' ? 'boot' : 'updater'}`, async () => {
    await using directory = await temporaryDirectory();
    const host = preparedHost(directory.path, behavior);
    runUntilCut(directory.path, 'continue', point);
    for (const version of [currentVersion(host.layout), stableVersion(host.layout)])
      assert.ok(version === '1.0.0' || version === '2.0.0', 'a pointer leads nowhere after the cut');
    if (start === 'boot') host.change({ boot: 'boot-2' });
    await runNext(directory.path, start);
    const journal = readJournal(host.layout.updater);
    const expected = behavior === 'good' ? '2.0.0' : '1.0.0';
    assert.equal(journal?.phase.name, behavior === 'good' ? 'committed' : 'rolled-back');
    assert.deepEqual(
      [currentVersion(host.layout), stableVersion(host.layout), host.state.service.version],
      [expected, expected, expected],
    );
    assert.equal(journal?.failed.length, behavior === 'good' ? 0 : 1);
    assert.equal(journal?.previous, behavior === 'good' ? '1.0.0' : undefined);
  });
}

test('every point is cut at', () => assert.equal(count, cutPoints.length - 1));

test('an updater that ends during a probation is followed by another, which counts as an attempt only after a reboot or if it never ends', async () => {
  await using directory = await temporaryDirectory();
  const host = preparedHost(directory.path, 'good');
  runUntilCut(directory.path, 'continue', 'probation-written');
  const attempt = () => {
    const { phase } = readJournal(host.layout.updater) ?? {};
    return phase?.name === 'probation' ? phase.attempt : undefined;
  };
  assert.equal(attempt(), 1);
  host.change({ boot: 'boot-2' });
  runUntilCut(directory.path, 'boot', 'resumed');
  assert.equal(attempt(), 2);
  const recoverAfter = (milliseconds: number) => {
    const now = (readJournal(host.layout.updater)?.since ?? 0) + milliseconds;
    const { rootKeys } = release.trust;
    const clock = { ...systemClock, wall: () => now };
    new Updater({ host, limits: quickLimits, rootKeys, sequence: 0, clock, log: () => {} }).recover(false);
  };
  const bound = 2 * quickLimits.maxProbation;
  recoverAfter(bound - 1);
  assert.equal(attempt(), 2);
  recoverAfter(bound);
  assert.equal(attempt(), 3);
  recoverAfter(bound);
  const { phase } = readJournal(host.layout.updater) ?? {};
  assert.deepEqual([phase?.name, phase && 'code' in phase && phase.code], ['rolled-back', 'INTERRUPTED']);
  assert.equal(host.state.service.version, '1.0.0');
});

test('a host that dies at every attempt is back on its version at the fourth boot', async () => {
  await using directory = await temporaryDirectory();
  const host = preparedHost(directory.path, 'good');
  runUntilCut(directory.path, 'continue', 'pointer-moved');
  for (const boot of ['boot-2', 'boot-3']) {
    host.change({ boot });
    runUntilCut(directory.path, 'boot', 'resumed');
    assert.equal(currentVersion(host.layout), '2.0.0');
  }
  host.change({ boot: 'boot-4' });
  await runNext(directory.path, 'boot');
  const { phase } = readJournal(host.layout.updater) ?? {};
  assert.deepEqual([phase?.name, phase && 'code' in phase && phase.code], ['rolled-back', 'INTERRUPTED']);
  assert.deepEqual([currentVersion(host.layout), host.state.service.version], ['1.0.0', '1.0.0']);
});
