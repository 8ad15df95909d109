import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { artifact, NOW, newKey, publisher } from '../../test/rig/release-files.ts';
import { MAX_DOCUMENT_BYTES } from '../src/envelope.ts';
import { ReleaseError, type ReleaseErrorCode } from '../src/release-error.ts';
import { publicKeyText } from '../src/signing-key.ts';
import { type ReleaseFiles, type Trust, verifyLatest, verifyRelease } from '../src/verify-release.ts';

const { files, trust, roots, releaseKey } = publisher();
const verify = (of: ReleaseFiles, changes: Partial<Trust> = {}, version = '1.2.3') =>
  verifyRelease(of, version, { ...trust, ...changes });

function rejects(code: ReleaseErrorCode, action: () => unknown): string {
  let message = '';
  assert.throws(action, (error) => {
    assert(error instanceof ReleaseError, String(error));
    assert.equal(error.code, code, error.message);
    message = error.message;
    return true;
  });
  return message;
}

test('a signed, announced and current release is verified, and its sequences are returned', () => {
  const { release, latest, sequences } = verify(files());
  assert.equal(release.version, '1.2.3');
  assert.deepEqual(release.artifacts, [artifact]);
  assert.equal(latest.release.version, '1.2.3');
  assert.deepEqual(sequences, { keys: 3, latest: 40, release: 20 });
  // The same release again, such as after a reboot while it was staged.
  assert.equal(verify(files(), { seen: sequences }).release.version, '1.2.3');
});

test('the newest release is verified without release.json, and leaves the sequence of the release as it was', () => {
  const { latest, sequences } = verifyLatest(files(), { ...trust, seen: { keys: 1, latest: 2, release: 7 } });
  assert.equal(latest.release.sequence, 20);
  assert.deepEqual(sequences, { keys: 3, latest: 40, release: 7 });
});

test('any two of the three root keys are enough', () => {
  for (const [first, second] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const) {
    const signKeys = [roots[first], roots[second]].filter((key) => key !== undefined);
    assert.equal(signKeys.length, 2);
    assert.equal(verify(files({ signKeys })).release.version, '1.2.3');
  }
});

test('one root key of three is not enough, even if it signs twice', () => {
  const one = roots.slice(0, 1);
  const message = rejects('SIGNATURE_INVALID', () => verify(files({ signKeys: one })));
  assert.match(message, /keys\.json has 1 valid signatures of the root keys, and needs 2/);
  rejects('SIGNATURE_INVALID', () => verify(files({ signKeys: [...one, ...one] })));
  rejects('SIGNATURE_INVALID', () => verify(files({ signKeys: [...one, newKey()] })));
});

test('a release or an announcement that no release key has signed is rejected, also by the root keys', () => {
  rejects('SIGNATURE_INVALID', () => verify(files({ signRelease: [newKey()] })));
  rejects('SIGNATURE_INVALID', () => verify(files({ signRelease: roots })));
  rejects('SIGNATURE_INVALID', () => verify(files({ signLatest: [newKey()] })));
  const otherUse = [{ publicKey: publicKeyText(releaseKey.publicKey), use: 'reports' }];
  rejects('SIGNATURE_INVALID', () => verify(files({ keys: { keys: otherUse } })));
});

test('keys.json cannot be signed by the keys that it lists', () => {
  rejects('SIGNATURE_INVALID', () => verify(files({ signKeys: [releaseKey, newKey()] })));
});

test('a build without root keys says so', () => {
  const message = rejects('NO_ROOT_KEYS', () => verify(files(), { rootKeys: [] }));
  assert.match(message, /contains no root keys/);
  const [first = ''] = trust.rootKeys;
  rejects('NO_ROOT_KEYS', () => verify(files(), { rootKeys: [first, first, first] }));
});

test('a document that is older than one seen before is rejected', () => {
  const seen = { keys: 3, latest: 40, release: 20 };
  for (const name of ['keys', 'latest', 'release'] as const) {
    const later = { ...seen, [name]: seen[name] + 1 };
    const message = rejects('OLD_SEQUENCE', () => verify(files(), { seen: later }));
    assert.match(message, new RegExp(`^${name}\\.json has sequence ${seen[name]}`));
  }
});

test('an expired document is rejected', () => {
  for (const name of ['keys', 'latest', 'release'] as const) {
    const message = rejects('EXPIRED', () => verify(files({ [name]: { expires: '2026-11-26T12:00:00Z' } })));
    assert.match(message, new RegExp(`^${name}\\.json expired`));
  }
  assert.ok(verify(files({ latest: { expires: '2026-11-26T12:00:01Z' } })));
  rejects('EXPIRED', () => verify(files({ latest: { expires: '2026-13-45T12:00:00Z' } })));
  rejects('EXPIRED', () => verify(files(), { now: NOW + 8 * 24 * 3_600_000 }));
});

test('a document of another product is rejected, although the same keys signed it', () => {
  for (const name of ['keys', 'latest', 'release'] as const) {
    rejects('WRONG_PRODUCT', () => verify(files({ [name]: { product: 'sluice' } })));
  }
});

test('a revoked version is rejected', () => {
  rejects('REVOKED', () => verify(files({ latest: { revoked: ['1.0.0', '1.2.3'] } })));
  rejects('REVOKED', () => verify(files({ release: { revoked: ['1.2.3'] } })));
  assert.ok(verify(files({ latest: { revoked: ['1.2.2'] } })));
});

test('an older release than the newest one can be chosen, but none that has not been announced', () => {
  const older = files({ release: { version: '1.1.0', sequence: 10 } }).release;
  assert.equal(verify({ ...files(), release: older }, {}, '1.1.0').release.version, '1.1.0');
  const newer = files({ release: { version: '1.3.0', sequence: 30 } }).release;
  rejects('NOT_ANNOUNCED', () => verify({ ...files(), release: newer }, {}, '1.3.0'));
  // The same version with other content.
  const other = files({ release: { artifacts: [{ ...artifact, sha256: 'f'.repeat(64) }] } }).release;
  rejects('NOT_ANNOUNCED', () => verify({ ...files(), release: other }));
});

test('a release of another version than was asked for is rejected', () => {
  rejects('WRONG_VERSION', () => verify(files(), {}, '1.2.4'));
});

test('a document cannot be passed off as one of another kind', () => {
  const { keys, latest, release } = files();
  rejects('DOCUMENT_MALFORMED', () => verify({ keys, latest: release, release }));
  rejects('DOCUMENT_MALFORMED', () => verify({ keys: latest, latest, release }));
});

test('a truncated, an oversized and a changed document are rejected', () => {
  for (const name of ['keys', 'latest', 'release'] as const) {
    const whole = files();
    const truncated = whole[name].subarray(0, -20);
    rejects('DOCUMENT_MALFORMED', () => verify({ ...whole, [name]: truncated }));
    rejects('DOCUMENT_MALFORMED', () => verify({ ...whole, [name]: Buffer.from([0xff, 0xfe]) }));
    rejects('DOCUMENT_MALFORMED', () => verify({ ...whole, [name]: Buffer.from('[]') }));
    const oversized = Buffer.concat([whole[name], Buffer.alloc(MAX_DOCUMENT_BYTES, 0x20)]);
    rejects('DOCUMENT_TOO_LARGE', () => verify({ ...whole, [name]: oversized }));
    const envelope = JSON.parse(whole[name].toString()) as { payload: string };
    const payload = Buffer.from(envelope.payload, 'base64').toString().replace('"penstock"', '"penstocK"');
    const changed = JSON.stringify({ ...envelope, payload: Buffer.from(payload).toString('base64') });
    rejects('SIGNATURE_INVALID', () => verify({ ...whole, [name]: Buffer.from(changed) }));
  }
});

test('a signed document with names that leave the folder of the release is rejected', () => {
  for (const file of ['../agent', 'a/b', '.hidden', 'a\\b', '']) {
    rejects('DOCUMENT_MALFORMED', () => verify(files({ release: { artifacts: [{ ...artifact, file }] } })));
  }
  rejects('DOCUMENT_MALFORMED', () => verify(files({ release: { version: '../1.2.3' } }), {}, '../1.2.3'));
});

test('a root key of another kind than Ed25519 is refused', () => {
  const other = publicKeyText(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
  assert.throws(() => verify(files(), { rootKeys: [other, ...trust.rootKeys] }), /not an Ed25519 key/);
});
