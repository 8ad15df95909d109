import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { publish } from '../../test/rig/release-directory.ts';
import { publisher } from '../../test/rig/release-files.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { readJournal } from '../src/journal.ts';
import { currentVersion, stableVersion } from '../src/version-folders.ts';
import { type Behavior, FileHost, SERVICE } from './rig/file-host.ts';
import { runUpdater } from './rig/run-updater.ts';

const OTHER = 'penstock-agent-dmz';

const cases: readonly {
  readonly what: string;
  readonly behaviors: Readonly<Record<string, Behavior['as']>>;
  /** What each service runs at the end. */
  readonly runs: readonly [string, string];
  readonly end: RegExp;
  readonly restarts: number;
  /** Milliseconds of the probation, if it must not end before one is found to be bad. */
  readonly probation?: number;
}[] = [
  {
    what: 'are upgraded together',
    behaviors: {},
    runs: ['2.0.0', '2.0.0'],
    end: /^committed $/,
    restarts: 2,
  },
  {
    what: 'go back together when the version does not work for one of them',
    behaviors: { [`${OTHER}@2.0.0`]: 'worse' },
    runs: ['1.0.0', '1.0.0'],
    end: /^rolled-back penstock-agent-dmz: These connectors fail now: orders/,
    restarts: 4,
  },
  {
    what: 'go back when the version does not work for one of them, and one that somebody has stopped stays stopped',
    behaviors: { [`${SERVICE}@2.0.0`]: 'worse', [`${OTHER}@2.0.0`]: 'stopped' },
    runs: ['1.0.0', '2.0.0'],
    end: /^rolled-back penstock-agent: These connectors fail now: orders/,
    restarts: 3,
    probation: 60_000,
  },
  {
    what: 'of which one is stopped are upgraded without starting that one',
    behaviors: { [`${OTHER}@1.0.0`]: 'stopped' },
    runs: ['2.0.0', '1.0.0'],
    end: /^committed $/,
    restarts: 1,
  },
];

for (const { what, behaviors, runs, end, restarts, probation } of cases) {
  test(`two services of one executable ${what}`, async () => {
    await using directory = await temporaryDirectory();
    const root = directory.path;
    const host = new FileHost(root, [SERVICE, OTHER]);
    host.install('1.0.0');
    host.change({ behaviors });
    const release = publisher();
    const files = join(root, 'files');
    mkdirSync(files);
    publish(files, release, '2.0.0');
    host.ask({ to: '2.0.0', files });
    const before = host.state.restarts;
    const limits = probation === undefined ? {} : { probation };
    await runUpdater({ root, rootKeys: release.trust.rootKeys, isBoot: false, limits });
    const { phase } = readJournal(host.layout.updater) ?? {};
    assert.match(`${phase?.name} ${phase && 'detail' in phase ? phase.detail : ''}`, end);
    const { services } = host.state;
    assert.deepEqual([services[SERVICE]?.version, services[OTHER]?.version], runs);
    assert.deepEqual([currentVersion(host.layout), stableVersion(host.layout)], [runs[0], runs[0]]);
    assert.equal(host.state.restarts - before, restarts);
  });
}

test('of two services of one executable, one whose owner denies upgrades keeps the other as it is', async () => {
  await using directory = await temporaryDirectory();
  const root = directory.path;
  const host = new FileHost(root, [SERVICE, OTHER]);
  host.install('1.0.0');
  host.change({ asking: SERVICE, denying: [OTHER] });
  const release = publisher();
  const files = join(root, 'files');
  mkdirSync(files);
  publish(files, release, '2.0.0');
  host.ask({ to: '2.0.0', files });
  await runUpdater({ root, rootKeys: release.trust.rootKeys, isBoot: false });
  const { phase } = readJournal(host.layout.updater) ?? {};
  assert.deepEqual(phase && [phase.name, 'code' in phase && phase.code], ['failed', 'DENIED_LOCALLY']);
  assert.equal(host.state.restarts, 2, 'each was only started');
});
