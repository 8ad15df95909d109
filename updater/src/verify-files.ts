import { join } from 'node:path';
import {
  MAX_DOCUMENT_BYTES,
  ReleaseError,
  type ReleaseErrorCode,
  releasePaths,
  type Sequences,
  type VerifiedRelease,
  verifyRelease,
} from '@penstock/release';
import type { UpgradeCode } from '@penstock/wire';
import { readFetched, UpgradeError } from './fetched-file.ts';

export type VerifyOptions = {
  /** Directory with the documents, as an agent has fetched them. */
  readonly files: string;
  /** The id of the user that they must belong to; any if undefined. */
  readonly owner: number | undefined;
  readonly version: string;
  readonly rootKeys: readonly string[];
  readonly seen: Sequences;
  /** Milliseconds since 1970. */
  readonly now: number;
};

/** Verifies the documents of a release. Throws UpgradeError. */
export function verifyFiles({ files, owner, version, rootKeys, seen, now }: VerifyOptions): VerifiedRelease {
  const document = (name: string): Buffer => {
    // Envelopes have their payload as base64.
    const file = readFetched(join(files, name), 2 * MAX_DOCUMENT_BYTES, owner);
    if (file === undefined)
      throw new UpgradeError('SOURCE_UNAVAILABLE', `${name} of the release was not fetched.`);
    return file.bytes;
  };
  return asUpgradeError(() =>
    verifyRelease(
      {
        keys: document(releasePaths.keys),
        latest: document(releasePaths.latest),
        release: document(releasePaths.release(version)),
      },
      version,
      { rootKeys, seen, now },
    ),
  );
}

const codes: Readonly<Record<ReleaseErrorCode, UpgradeCode>> = {
  NO_ROOT_KEYS: 'UNTRUSTED',
  DOCUMENT_TOO_LARGE: 'UNTRUSTED',
  DOCUMENT_MALFORMED: 'UNTRUSTED',
  SIGNATURE_INVALID: 'UNTRUSTED',
  WRONG_PRODUCT: 'UNTRUSTED',
  EXPIRED: 'EXPIRED',
  OLD_SEQUENCE: 'OLD_SEQUENCE',
  NOT_ANNOUNCED: 'UNTRUSTED',
  REVOKED: 'REVOKED',
  WRONG_VERSION: 'UNTRUSTED',
  NO_ARTIFACT: 'WRONG_PLATFORM',
  ARTIFACT_TOO_LARGE: 'ARTIFACT_MISMATCH',
  ARTIFACT_TRUNCATED: 'ARTIFACT_MISMATCH',
  ARTIFACT_CORRUPT: 'ARTIFACT_MISMATCH',
};

/** An error of the package release in the terms of upgrades. */
export function upgradeErrorOf(error: unknown): unknown {
  if (!(error instanceof ReleaseError)) return error;
  const code = Object.hasOwn(codes, error.code) ? codes[error.code] : 'UNTRUSTED';
  return new UpgradeError(code, error.message, { cause: error });
}

export function asUpgradeError<Result>(action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw upgradeErrorOf(error);
  }
}
