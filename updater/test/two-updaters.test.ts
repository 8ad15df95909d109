import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { publish } from '../../test/rig/release-directory.ts';
import { publisher } from '../../test/rig/release-files.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { readJournal } from '../src/journal.ts';
import { FileHost } from './rig/file-host.ts';
import { runUpdater } from './rig/run-updater.ts';

test('of updaters that start at once, one upgrades the host, and the others leave it alone', async () => {
  await using directory = await temporaryDirectory();
  const root = directory.path;
  const host = new FileHost(root);
  host.install('1.0.0');
  const release = publisher();
  const files = join(root, 'files');
  mkdirSync(files);
  publish(files, release, '2.0.0');
  host.ask({ to: '2.0.0', files });
  const { rootKeys } = release.trust;
  const ends = await Promise.all([1, 2, 3].map(() => runUpdater({ root, rootKeys, isBoot: false })));
  assert.deepEqual(ends.toSorted(), ['done', 'held', 'held']);
  assert.equal(readJournal(host.layout.updater)?.phase.name, 'committed');
  assert.equal(host.state.restarts, 2, 'the one of the installation, and one of the switch');
});
