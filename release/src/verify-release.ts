import { createHash, type KeyObject } from 'node:crypto';
import type { DocumentOf, LatestDocument, ReleaseDocument } from './documents.ts';
import { readDocument, type Signers } from './envelope.ts';
import { ReleaseError } from './release-error.ts';
import { keyId, readPublicKey } from './signing-key.ts';

/** Two of the three root keys sign `keys.json`: one that is lost or stolen decides nothing. */
export const ROOT_THRESHOLD = 2;

/**
 * The highest sequences that a host has seen; 0 for none. `keys` and `latest` are to be kept as soon as they are
 * verified, `release` when the release has been committed: a release that was rolled back must not block the one before.
 */
export type Sequences = { readonly keys: number; readonly latest: number; readonly release: number };

export type Trust = {
  /** Base64 of their SPKI, as in `buildFacts.rootKeys`. */
  readonly rootKeys: readonly string[];
  readonly seen: Sequences;
  /** Milliseconds since 1970. */
  readonly now: number;
};

export type LatestFiles = { readonly keys: Uint8Array; readonly latest: Uint8Array };
export type ReleaseFiles = LatestFiles & { readonly release: Uint8Array };

export type VerifiedLatest = { readonly latest: LatestDocument; readonly sequences: Sequences };
export type VerifiedRelease = VerifiedLatest & { readonly release: ReleaseDocument };

/**
 * Verifies what is the newest release and which ones are revoked. Throws ReleaseError. `sequences` is what the host has
 * seen now, with the `release` it came with.
 */
export function verifyLatest(files: LatestFiles, trust: Trust): VerifiedLatest {
  const { latest, sequences } = verifyBoth(files, trust);
  return { latest, sequences };
}

/**
 * Verifies that a release may be installed: signed by a current key, neither expired, revoked, nor older than what this
 * host has run, and announced by a `latest.json` of this week. `version` is the one that was asked for. Throws
 * ReleaseError. A host may always return to the version it ran before, from its own disk, without this.
 */
export function verifyRelease(files: ReleaseFiles, version: string, trust: Trust): VerifiedRelease {
  const { latest, sequences, signers } = verifyBoth(files, trust);
  const release = readDocument('release', files.release, signers);
  if (release.version !== version) {
    throw new ReleaseError('WRONG_VERSION', `release.json describes ${release.version}, not ${version}.`);
  }
  checkCurrent('release.json', release, trust.seen.release, trust.now);
  checkAnnounced(files.release, release, latest);
  if ([...latest.revoked, ...release.revoked].includes(version)) {
    throw new ReleaseError('REVOKED', `${version} has been revoked. Install a newer release.`);
  }
  return { release, latest, sequences: { ...sequences, release: release.sequence } };
}

function verifyBoth(files: LatestFiles, { rootKeys, seen, now }: Trust) {
  const roots: Signers = { keys: readRootKeys(rootKeys), threshold: ROOT_THRESHOLD, name: 'root keys' };
  const keys = readDocument('keys', files.keys, roots);
  checkCurrent('keys.json', keys, seen.keys, now);
  const signers: Signers = { keys: releaseKeys(keys), threshold: 1, name: 'release keys' };
  const latest = readDocument('latest', files.latest, signers);
  checkCurrent('latest.json', latest, seen.latest, now);
  return { latest, signers, sequences: { ...seen, keys: keys.sequence, latest: latest.sequence } };
}

/** Throws ReleaseError `NO_ROOT_KEYS` if there are fewer than the threshold. */
export function readRootKeys(rootKeys: readonly string[]): readonly KeyObject[] {
  const keys = new Map(rootKeys.map(readPublicKey).map((key): [string, KeyObject] => [keyId(key), key]));
  if (keys.size < ROOT_THRESHOLD) {
    throw new ReleaseError(
      'NO_ROOT_KEYS',
      'This build contains no root keys, so it can verify no release. Install an official build, or one made with ' +
        'npm run release -- --root-keys FILE.',
    );
  }
  return [...keys.values()];
}

function releaseKeys({ keys }: DocumentOf<'keys'>): readonly KeyObject[] {
  try {
    return keys.filter(({ use }) => use === 'release').map(({ publicKey }) => readPublicKey(publicKey));
  } catch (cause) {
    throw new ReleaseError('DOCUMENT_MALFORMED', 'keys.json contains a key that cannot be read.', { cause });
  }
}

function checkCurrent(
  name: string,
  { sequence, expires }: { readonly sequence: number; readonly expires: string },
  seen: number,
  now: number,
): void {
  if (sequence < seen) {
    throw new ReleaseError(
      'OLD_SEQUENCE',
      `${name} has sequence ${sequence}, and this host has seen ${seen}. It is an old copy.`,
    );
  }
  // The negation also rejects a time that does not exist.
  if (!(now < Date.parse(expires))) {
    throw new ReleaseError(
      'EXPIRED',
      `${name} expired at ${expires}. Fetch the current one, and check the clock of this host.`,
    );
  }
}

/** A release that is newer than `latest.json` says may have been withdrawn before it was published. */
function checkAnnounced(file: Uint8Array, release: ReleaseDocument, latest: LatestDocument): void {
  const isNewest = release.version === latest.release.version;
  const isSame = createHash('sha256').update(file).digest('hex') === latest.release.sha256;
  if (release.sequence > latest.release.sequence || isNewest !== isSame) {
    throw new ReleaseError(
      'NOT_ANNOUNCED',
      `latest.json announces another release.json of ${latest.release.version}. Fetch both again.`,
    );
  }
}
