import assert from 'node:assert/strict';
import fs, { cpSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock } from '@penstock/runtime';
import { isLongForm } from '../../test/rig/long-form.ts';
import { publish } from '../../test/rig/release-directory.ts';
import { publisher } from '../../test/rig/release-files.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { readJournal } from '../src/journal.ts';
import { Updater } from '../src/updater.ts';
import { agentOf, currentVersion, stableVersion } from '../src/version-folders.ts';
import { FileHost } from './rig/file-host.ts';
import { Power, PowerCut } from './rig/power.ts';
import { quickLimits } from './rig/quick-limits.ts';
import { runUpdater } from './rig/run-updater.ts';

/** The short form takes every n-th change, another one of each kind of cut. */
const STRIDE = isLongForm ? 1 : 12;
const release = publisher();
const { rootKeys } = release.trust;

let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
before(async () => {
  folder = await temporaryDirectory();
});
after(() => folder[Symbol.asyncDispose]());

type Pointers = FileHost['layout']['pointers'];

let hosts = 0;

/** A host on 1.0.0 that is asked for 2.0.0. */
function preparedHost(behavior: 'good' | 'exits', pointers: Pointers): FileHost {
  // A copy has no hard links.
  if (pointers === 'hard-links') return prepareIn(nextRoot(), behavior, pointers);
  const template = join(folder.path, behavior);
  const root = nextRoot();
  if (!existsSync(template)) prepareIn(template, behavior, pointers);
  cpSync(template, root, { recursive: true, verbatimSymlinks: true });
  const host = new FileHost(root);
  host.ask({ to: '2.0.0', files: join(root, 'files') });
  return host;
}

function nextRoot(): string {
  hosts += 1;
  return join(folder.path, `host-${hosts}`);
}

function prepareIn(root: string, behavior: 'good' | 'exits', pointers: Pointers): FileHost {
  const host = new FileHost(root, undefined, pointers);
  host.install('1.0.0');
  host.change({ behaviors: { '2.0.0': behavior } });
  const files = join(root, 'files');
  mkdirSync(files);
  publish(files, release, '2.0.0');
  host.ask({ to: '2.0.0', files });
  return host;
}

/** Runs an updater until the power is cut, or to its end. Resolves with the number of changes. */
async function runWith(
  host: FileHost,
  options: { readonly cutAfter?: number; readonly isCacheLost?: boolean },
) {
  using power = new Power(options);
  try {
    const updater = new Updater({
      host,
      limits: quickLimits,
      sequence: 0,
      rootKeys,
      clock: systemClock,
      log: () => {},
    });
    updater.recover(false);
    await updater.run();
  } catch (error) {
    if (!(error instanceof PowerCut)) throw error;
  }
  assert.equal(power.isCut, options.cutAfter !== undefined);
  return power.changes;
}

const cases = [
  ['good', 'symbolic-links'],
  ['exits', 'symbolic-links'],
  ['good', 'hard-links'],
  ['exits', 'hard-links'],
] as const;

for (const [behavior, pointers] of cases) {
  test(`a power cut after any change that an upgrade to a version that is ${behavior} makes is survived with ${pointers}`, async () => {
    const isWindows = pointers === 'hard-links';
    using _running = isWindows ? keepRunning() : undefined;
    const changes = await runWith(preparedHost(behavior, pointers), {});
    assert.ok(changes > 50, `${changes} changes`);
    const expected = behavior === 'good' ? '2.0.0' : '1.0.0';
    let cuts = 0;
    // NTFS keeps the order of what has a name, which this model of a cache does not know for hard links.
    const caches = isWindows ? [false] : [false, true];
    for (const [index, isCacheLost] of caches.entries()) {
      for (let cutAfter = 1 + index * Math.floor(STRIDE / 2); cutAfter <= changes; cutAfter += STRIDE) {
        const what = `after change ${cutAfter} of ${changes}${isCacheLost ? ', with what was in the cache' : ''}`;
        const host = preparedHost(behavior, pointers);
        await runWith(host, { cutAfter, isCacheLost });
        const found = [currentVersion(host.layout), stableVersion(host.layout)];
        const nowhere = found.filter((version) => version !== '1.0.0' && version !== '2.0.0');
        // On Windows, an updater that can start repairs the other one.
        assert.ok(nowhere.length <= (isWindows ? 1 : 0), `a pointer leads nowhere ${what}`);
        const isBoot = isCacheLost || cutAfter % 2 === 0;
        if (isBoot) host.change({ boot: 'boot-2' });
        await runUpdater({ root: host.root, rootKeys, isBoot });
        const { phase, failed } = readJournal(host.layout.updater) ?? {};
        assert.equal(phase?.name, behavior === 'good' ? 'committed' : 'rolled-back', what);
        assert.deepEqual(
          [currentVersion(host.layout), stableVersion(host.layout), host.state.service.version],
          [expected, expected, expected],
          what,
        );
        assert.ok(statSync(agentOf(host.layout, expected)).size > 0, `an empty executable ${what}`);
        assert.equal(failed?.length, behavior === 'good' ? 0 : 1, what);
        cuts += 1;
      }
    }
    assert.ok(cuts >= (caches.length * changes) / STRIDE - 1, `${cuts} cuts at ${changes} changes`);
  });
}

/** As Windows, which lets no file have the name of an executable that runs. */
function keepRunning(): Disposable {
  const { renameSync } = fs;
  fs.renameSync = (from, to) => {
    if (String(to).endsWith('penstock-agent.exe') && existsSync(to))
      throw Object.assign(new Error(`EPERM: ${String(to)} runs`), { code: 'EPERM' });
    renameSync(from, to);
  };
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]() {
      fs.renameSync = renameSync;
      syncBuiltinESMExports();
    },
  };
}
