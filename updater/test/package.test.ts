import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@penstock/runtime';
import { publish } from '../../test/rig/release-directory.ts';
import { publisher } from '../../test/rig/release-files.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import type { CutPoint } from '../src/context.ts';
import { Updater } from '../src/updater.ts';
import { currentVersion, stableVersion } from '../src/version-folders.ts';
import { FileHost, SERVICE } from './rig/file-host.ts';
import { quickLimits } from './rig/quick-limits.ts';

/** A host on 1.0.0 for which 2.0.0 is published. */
function prepare(root: string) {
  const host = new FileHost(root);
  host.install('1.0.0');
  const release = publisher();
  const files = join(root, 'files');
  publish(files, release, '2.0.0');
  const { layout } = host;
  const pointTo = (version: string) => {
    rmSync(layout.current);
    symlinkSync(join('versions', version), layout.current);
  };
  return {
    host,
    files,
    pointTo,
    /** What a package does, whose version is a copy of the first one here. */
    installPackage(version: string) {
      execFileSync('cp', ['-r', join(layout.versions, '1.0.0'), join(layout.versions, version)]);
      pointTo(version);
      host.restart(SERVICE);
    },
    async run(reached: (point: CutPoint) => void = () => {}) {
      const { rootKeys } = release.trust;
      const clock = systemClock;
      const log = () => {};
      const updater = new Updater({ host, limits: quickLimits, sequence: 0, rootKeys, clock, log, reached });
      updater.recover(false);
      await updater.run();
      return updater.journal;
    },
    pointers: () => [currentVersion(layout), stableVersion(layout)],
  };
}

test('a version that a package has installed is the stable one, and the one before can be returned to', async () => {
  await using directory = await temporaryDirectory();
  const { host, installPackage, run, pointers } = prepare(directory.path);
  installPackage('1.5.0');
  assert.deepEqual(pointers(), ['1.5.0', '1.0.0']);
  assert.equal((await run()).previous, '1.0.0');
  assert.deepEqual(pointers(), ['1.5.0', '1.5.0']);
  host.ask({ to: '1.0.0', back: true });
  assert.equal((await run()).phase.name, 'committed');
  assert.deepEqual(pointers(), ['1.0.0', '1.0.0']);
});

test('a package that is installed while a version is staged is what the host goes back to', async () => {
  await using directory = await temporaryDirectory();
  const { host, files, installPackage, run, pointers } = prepare(directory.path);
  host.change({ behaviors: { '2.0.0': 'exits' } });
  host.ask({ to: '2.0.0', files, isStageOnly: true });
  assert.equal((await run()).phase.name, 'staged');
  installPackage('1.5.0');
  host.ask({ to: '2.0.0', files });
  assert.equal((await run()).phase.name, 'rolled-back');
  assert.deepEqual(pointers(), ['1.5.0', '1.5.0']);
  assert.equal(host.state.service.version, '1.5.0');
});

test('a package that is installed while a switch is interrupted wins, and the version is not blamed', async () => {
  await using directory = await temporaryDirectory();
  const { host, files, installPackage, run, pointers } = prepare(directory.path);
  host.ask({ to: '2.0.0', files });
  const die = (point: CutPoint) => {
    if (point === 'pointer-moved') throw new Error('The updater was killed.');
  };
  await assert.rejects(run(die), /killed/);
  installPackage('2.5.0');
  const { phase, failed } = await run();
  assert.deepEqual([phase.name, 'code' in phase && phase.code], ['rolled-back', 'POINTER_MOVED']);
  assert.deepEqual(pointers(), ['2.5.0', '2.5.0']);
  assert.deepEqual([host.state.service.version, failed], ['2.5.0', []]);
});

test('a pointer that somebody moves back during the probation has the previous version run', async () => {
  await using directory = await temporaryDirectory();
  const { host, files, pointTo, run, pointers } = prepare(directory.path);
  host.ask({ to: '2.0.0', files });
  const { phase, failed } = await run((point) => {
    if (point === 'probation-written') pointTo('1.0.0');
  });
  assert.deepEqual([phase.name, 'code' in phase && phase.code], ['rolled-back', 'POINTER_MOVED']);
  assert.deepEqual(pointers(), ['1.0.0', '1.0.0']);
  assert.deepEqual([host.state.service.version, failed], ['1.0.0', []]);
});
