import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { layoutBelow } from '@penstock/services';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';
import { awaitUpdater } from '../../src/upgrade/await-updater.ts';

test('an updater that cannot go on is not waited for, and a start that fails is repeated', async () => {
  await using directory = await temporaryDirectory();
  const layout = layoutBelow(directory.path);
  mkdirSync(layout.updaterRuntime, { recursive: true });
  let starts = 0;
  const start = () => {
    starts += 1;
    if (starts === 1) throw new Error('The updater cannot be started: connection timed out');
    const problem = { format: 1, code: 'DISK_FULL', detail: 'The disk is full.', since: 1, nextAt: 2 };
    writeFileSync(join(layout.updaterRuntime, 'problem.json'), JSON.stringify(problem));
  };
  await assert.rejects(awaitUpdater('request-1', { layout, start, every: 1 }), {
    message: 'The updater cannot go on: The disk is full.',
  });
  assert.equal(starts, 2);
});
