/** A file of the data directory is missing or has invalid content. The message says what to do. */
export class IdentityFileError extends Error {
  override readonly name = 'IdentityFileError';
}
