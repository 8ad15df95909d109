import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { publish } from '../../../test/rig/release-directory.ts';
import { publisher } from '../../../test/rig/release-files.ts';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';
import { latestRelease } from '../../src/composition/latest-release.ts';

test('the newest release is what a signed latest.json says, and nothing without one or without root keys', async () => {
  await using directory = await temporaryDirectory();
  const release = publisher();
  const { rootKeys } = release.trust;
  const at = { dataDirectory: directory.path, rootKeys, now: Date.now };
  assert.equal(await latestRelease(at)(), undefined);
  publish(join(directory.path, 'releases'), release, '1.3.0');
  assert.equal(await latestRelease(at)(), '1.3.0');
  assert.equal(await latestRelease({ ...at, rootKeys: [] })(), undefined);
  const other = publisher().trust.rootKeys;
  await assert.rejects(latestRelease({ ...at, rootKeys: other })(), { code: 'SIGNATURE_INVALID' });
});
