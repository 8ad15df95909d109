import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { NOW, publisher } from '../../../test/rig/release-files.ts';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';
import { requireRelease } from '../../src/composition/require-release.ts';

async function published(changes: Parameters<ReturnType<typeof publisher>['files']>[0] = {}) {
  const directory = await temporaryDirectory();
  const { files, trust } = publisher();
  const { keys, latest, release } = files(changes);
  for (const [path, content] of [
    ['keys.json', keys],
    ['latest.json', latest],
    ['1.2.3/release.json', release],
  ] as const) {
    const file = join(directory.path, 'releases', path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  const requiring = requireRelease({
    dataDirectory: directory.path,
    rootKeys: trust.rootKeys,
    now: () => NOW,
  });
  return Object.assign(directory, { requiring });
}

test('a signed and announced release can be rolled out', async () => {
  await using at = await published();
  await at.requiring('1.2.3');
});

test('one that is missing, revoked, or signed by somebody else cannot, with the reason', async () => {
  await using at = await published();
  await assert.rejects(at.requiring('9.9.9'), { code: 'RELEASE_UNUSABLE', message: /9\.9\.9.*ENOENT/ });
  await using revoked = await published({ latest: { revoked: ['1.2.3'] } });
  await assert.rejects(revoked.requiring('1.2.3'), { code: 'RELEASE_UNUSABLE', message: /REVOKED/ });
  const forger = publisher();
  await using forged = await published({ signRelease: [forger.releaseKey] });
  await assert.rejects(forged.requiring('1.2.3'), { code: 'RELEASE_UNUSABLE', message: /1\.2\.3/ });
});

test('without releases of its own the gateway leaves the decision to the hosts', async () => {
  await using directory = await temporaryDirectory();
  const { trust } = publisher();
  const requiring = requireRelease({
    dataDirectory: directory.path,
    rootKeys: trust.rootKeys,
    now: () => NOW,
  });
  await requiring('1.2.3');
});
