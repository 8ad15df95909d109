import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, statSync } from 'node:fs';
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

let hosts = 0;

/** A host on 1.0.0 that is asked for 2.0.0. */
function preparedHost(behavior: 'good' | 'exits'): FileHost {
  const template = join(folder.path, behavior);
  hosts += 1;
  const root = join(folder.path, `host-${hosts}`);
  if (!existsSync(template)) {
    const host = new FileHost(template);
    host.install('1.0.0');
    host.change({ behaviors: { '2.0.0': behavior } });
    mkdirSync(join(template, 'files'));
    publish(join(template, 'files'), release, '2.0.0');
  }
  cpSync(template, root, { recursive: true, verbatimSymlinks: true });
  const host = new FileHost(root);
  host.ask({ to: '2.0.0', files: join(root, 'files') });
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

for (const behavior of ['good', 'exits'] as const) {
  test(`a power cut after any change that an upgrade to a version that is ${behavior} makes is survived`, async () => {
    const changes = await runWith(preparedHost(behavior), {});
    assert.ok(changes > 50, `${changes} changes`);
    const expected = behavior === 'good' ? '2.0.0' : '1.0.0';
    let cuts = 0;
    for (const [index, isCacheLost] of [false, true].entries()) {
      for (let cutAfter = 1 + index * Math.floor(STRIDE / 2); cutAfter <= changes; cutAfter += STRIDE) {
        const what = `after change ${cutAfter} of ${changes}${isCacheLost ? ', with what was in the cache' : ''}`;
        const host = preparedHost(behavior);
        await runWith(host, { cutAfter, isCacheLost });
        for (const version of [currentVersion(host.layout), stableVersion(host.layout)])
          assert.ok(version === '1.0.0' || version === '2.0.0', `a pointer leads nowhere ${what}`);
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
    assert.ok(cuts >= (2 * changes) / STRIDE - 1, `${cuts} cuts at ${changes} changes`);
  });
}
