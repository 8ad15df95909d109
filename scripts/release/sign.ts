import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Artifact, PRODUCT, type ReleaseDocument, releasePaths, signDocument } from '@penstock/release';
import type { SigningKey } from './keys.ts';

const DAY_MS = 24 * 3_600_000;
const KEYS_DAYS = 365;
const RELEASE_DAYS = 365;
/** Whoever keeps hosts from a newer announcement can do so for a week. */
const LATEST_DAYS = 7;

const inDays = (now: number, days: number) => new Date(now + days * DAY_MS).toISOString();

/** What `npm run release` has built, as the file artifacts.json next to it says. */
export type BuiltRelease = {
  readonly version: string;
  readonly commit: string;
  /** Of the commit, in seconds since 1970. */
  readonly time: number;
  readonly sequence: number;
  readonly artifacts: readonly Artifact[];
};

/** Writes keys.json, signed by two root keys. `releaseKeys` are base64 of SPKIs. */
export async function writeKeys(
  file: string,
  releaseKeys: readonly string[],
  roots: readonly SigningKey[],
  now: number,
): Promise<void> {
  const keys = releaseKeys.map((publicKey) => ({ publicKey, use: 'release' }));
  const sequence = Math.floor(now / 1_000);
  const document = { product: PRODUCT, sequence, expires: inDays(now, KEYS_DAYS), keys };
  await writeFile(file, signDocument('keys', document, roots));
}

/** Signs what was built, after each file has been compared with artifacts.json. Writes release.json and latest.json. */
export async function signRelease(
  out: string,
  version: string,
  {
    key,
    revoked,
    now,
  }: { readonly key: SigningKey; readonly revoked: readonly string[]; readonly now: number },
): Promise<void> {
  const built = JSON.parse(await readFile(join(out, version, 'artifacts.json'), 'utf8')) as BuiltRelease;
  for (const { file, size, sha256 } of built.artifacts) {
    const bytes = await readFile(join(out, releasePaths.artifact(version, file)));
    if (bytes.length !== size || createHash('sha256').update(bytes).digest('hex') !== sha256) {
      throw new Error(`${file} is not the file that was built. Build the release again.`);
    }
  }
  const document: ReleaseDocument = {
    product: PRODUCT,
    sequence: built.sequence,
    // From the commit: the same release has the same document.
    expires: inDays(built.time * 1_000, RELEASE_DAYS),
    version,
    commit: built.commit,
    revoked: [...revoked],
    artifacts: [...built.artifacts],
  };
  await writeFile(join(out, releasePaths.release(version)), signDocument('release', document, [key]));
  await signLatest(out, version, { key, revoked, now });
}

/** Writes latest.json for a release that has been signed. To be repeated before its seven days are over. */
export async function signLatest(
  out: string,
  version: string,
  {
    key,
    revoked,
    now,
  }: { readonly key: SigningKey; readonly revoked: readonly string[]; readonly now: number },
): Promise<void> {
  const built = JSON.parse(await readFile(join(out, version, 'artifacts.json'), 'utf8')) as BuiltRelease;
  const release = await readFile(join(out, releasePaths.release(version)));
  const document = {
    product: PRODUCT,
    sequence: Math.floor(now / 1_000),
    expires: inDays(now, LATEST_DAYS),
    release: {
      version,
      sequence: built.sequence,
      sha256: createHash('sha256').update(release).digest('hex'),
    },
    revoked: [...revoked],
  };
  await writeFile(join(out, releasePaths.latest), signDocument('latest', document, [key]));
}
