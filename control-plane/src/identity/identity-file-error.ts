/** A file of the data directory is missing, unreadable or not what it should be. The message says what to do. */
export class IdentityFileError extends Error {
  override readonly name = 'IdentityFileError';
}
