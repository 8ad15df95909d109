/** Why a release is not installed. Decisions depend on these codes; the sentence is for people. */
export const releaseErrors = {
  NO_ROOT_KEYS: 'This build contains no root keys, so it can verify no release.',
  DOCUMENT_TOO_LARGE: 'A document of the release is larger than any that is published.',
  DOCUMENT_MALFORMED: 'A document of the release is not what its name says.',
  SIGNATURE_INVALID: 'A document of the release lacks the signatures it needs.',
  WRONG_PRODUCT: 'A document of the release belongs to another product.',
  EXPIRED: 'A document of the release has expired.',
  OLD_SEQUENCE: 'A document of the release is older than one that this host has seen.',
  NOT_ANNOUNCED: 'The release is newer than the newest one that has been announced, or differs from it.',
  REVOKED: 'The release has been revoked.',
  WRONG_VERSION: 'The release is not the version that was asked for.',
  NO_ARTIFACT: 'The release contains nothing for this program, operating system, and architecture.',
  ARTIFACT_TOO_LARGE: 'The download is larger than the release says.',
  ARTIFACT_TRUNCATED: 'The download is shorter than the release says.',
  ARTIFACT_CORRUPT: 'The download is not the file that the release describes.',
} as const;

export type ReleaseErrorCode = keyof typeof releaseErrors;

/** A release, or a file of it, that must not be installed. `detail` says what, where, and what to do. */
export class ReleaseError extends Error {
  override readonly name = 'ReleaseError';
  readonly code: ReleaseErrorCode;

  constructor(code: ReleaseErrorCode, detail?: string, options?: ErrorOptions) {
    super(detail ?? releaseErrors[code], options);
    this.code = code;
  }
}
