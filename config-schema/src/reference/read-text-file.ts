import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

export const MAX_FILE_BYTES = 1024 * 1024;

/** Why a file gave no text. */
export type ReadFailure = 'missing' | 'forbidden' | 'not-a-file' | 'too-large' | 'not-text' | 'failed';

export class ReadFileError extends Error {
  override readonly name = 'ReadFileError';
  readonly failure: ReadFailure;

  constructor(failure: ReadFailure, options?: ErrorOptions) {
    super(failure, options);
    this.failure = failure;
  }
}

/** A regular file of at most 1 MiB as UTF-8, without its byte order mark. Throws ReadFileError. */
export function readTextFile(path: string): string {
  try {
    return readRegular(path);
  } catch (cause) {
    throw cause instanceof ReadFileError ? cause : new ReadFileError(readFailure(cause), { cause });
  }
}

/** What went wrong, from an error of this module or of node:fs. */
export function readFailure(error: unknown): ReadFailure {
  if (error instanceof ReadFileError) return error.failure;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'missing';
  if (code === 'EACCES' || code === 'EPERM') return 'forbidden';
  if (code === 'EISDIR') return 'not-a-file';
  return 'failed';
}

/** What went wrong, as what goes on after "The file": "does not exist". */
export const readFailureWords: Readonly<Record<ReadFailure, string>> = {
  missing: 'does not exist',
  forbidden: 'may not be read by this user',
  'not-a-file': 'is not a regular file',
  'too-large': 'is larger than 1 MiB',
  'not-text': 'is not UTF-8 text',
  failed: 'could not be read',
};

function readRegular(path: string): string {
  // Without O_NONBLOCK, opening a named pipe waits for a writer that may never come.
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile()) throw new ReadFileError('not-a-file');
    if (status.size > MAX_FILE_BYTES) throw new ReadFileError('too-large');
    return decode(readFileSync(descriptor));
  } finally {
    closeSync(descriptor);
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ReadFileError('not-text', { cause });
  }
}
