import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { createGunzip, gzipSync } from 'node:zlib';
import { artifact, CONTENT } from '../../test/rig/release-files.ts';
import { chooseArtifact, verifiedArtifact } from '../src/artifact.ts';
import type { ReleaseDocument } from '../src/documents.ts';
import type { ReleaseErrorCode } from '../src/release-error.ts';

const release: ReleaseDocument = {
  product: 'penstock',
  sequence: 1,
  expires: '2027-01-01T00:00:00Z',
  version: '1.2.3',
  commit: '0'.repeat(40),
  revoked: [],
  artifacts: [artifact, { ...artifact, os: 'win32', file: 'penstock-agent-1.2.3-windows-x64.exe' }],
};

const isCode = (code: ReleaseErrorCode) => ({ name: 'ReleaseError', code });

async function received(...chunks: readonly Uint8Array[]): Promise<Buffer> {
  return Buffer.concat(await Readable.from(verifiedArtifact(artifact, Readable.from(chunks))).toArray());
}

test('the artifact of a program is chosen by operating system and architecture', () => {
  const { file } = chooseArtifact(release, { program: 'penstock-agent', os: 'win32', arch: 'x64' });
  assert.equal(file, 'penstock-agent-1.2.3-windows-x64.exe');
});

test('a release without a file for this host is rejected', () => {
  for (const query of [
    { program: 'penstock-agent', os: 'linux', arch: 'arm64' },
    { program: 'penstock-agent', os: 'darwin', arch: 'x64' },
    { program: 'penstock-gateway', os: 'linux', arch: 'x64' },
    { program: 'penstock-agent', os: 'linux', arch: 'x64', kind: 'deb' },
  ] as const) {
    assert.throws(() => chooseArtifact(release, query), isCode('NO_ARTIFACT'));
  }
});

test('a whole artifact is passed on in any pieces, compressed or not', async () => {
  assert.deepEqual(await received(CONTENT), CONTENT);
  assert.deepEqual(await received(CONTENT.subarray(0, 3), CONTENT.subarray(3)), CONTENT);
  const unzipped = Readable.from([gzipSync(CONTENT)]).pipe(createGunzip());
  assert.deepEqual(
    Buffer.concat(await Readable.from(verifiedArtifact(artifact, unzipped)).toArray()),
    CONTENT,
  );
});

test('a truncated artifact is rejected', async () => {
  await assert.rejects(received(CONTENT.subarray(1)), isCode('ARTIFACT_TRUNCATED'));
  await assert.rejects(received(), isCode('ARTIFACT_TRUNCATED'));
});

test('an oversized artifact is rejected before the byte that is too many is passed on', async () => {
  const passed: number[] = [];
  let pulled = 0;
  async function* endless() {
    for (;;) {
      pulled += 1;
      yield CONTENT;
    }
  }
  await assert.rejects(async () => {
    for await (const chunk of verifiedArtifact(artifact, endless())) passed.push(chunk.length);
  }, isCode('ARTIFACT_TOO_LARGE'));
  assert.deepEqual(passed, [CONTENT.length]);
  assert.equal(pulled, 2);
});

test('an artifact with other content is rejected', async () => {
  const changed = Buffer.from(CONTENT);
  changed[0] = 0;
  await assert.rejects(received(changed), isCode('ARTIFACT_CORRUPT'));
});
