import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { fileFailure } from '@penstock/runtime';

export const MAX_FILE_BYTES = 1024 * 1024;

const STANDARD_INPUT = 0;

/** Why the text of a file could not be read. */
export type ReadFailure = 'missing' | 'forbidden' | 'not-a-file' | 'too-large' | 'not-text' | 'failed';

export class ReadFileError extends Error {
  override readonly name = 'ReadFileError';
  readonly failure: ReadFailure;

  constructor(failure: ReadFailure, options?: ErrorOptions) {
    super(failure, options);
    this.failure = failure;
  }
}

/** Reads a regular file of at most 1 MiB as UTF-8. Throws ReadFileError. */
export function readTextFile(path: string): string {
  return translated(() => {
    // Without O_NONBLOCK, opening a named pipe waits for a writer that may never appear.
    const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      if (!fstatSync(descriptor).isFile()) throw new ReadFileError('not-a-file');
      return readBounded(descriptor);
    } finally {
      closeSync(descriptor);
    }
  });
}

/** Reads at most 1 MiB from a file, a pipe, or, for `-`, standard input. Waits for the writer. Throws ReadFileError. */
export function readTextInput(path: string): string {
  return translated(() => {
    if (path === '-') return readBounded(STANDARD_INPUT);
    const descriptor = openSync(path, constants.O_RDONLY);
    try {
      return readBounded(descriptor);
    } finally {
      closeSync(descriptor);
    }
  });
}

/** Classifies an error of this module or of node:fs. */
export function readFailure(error: unknown): ReadFailure {
  if (error instanceof ReadFileError) return error.failure;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'missing';
  if (code === 'EACCES' || code === 'EPERM') return 'forbidden';
  if (code === 'EISDIR') return 'not-a-file';
  return 'failed';
}

/** What went wrong with `path` as the predicate of a sentence, such as "does not exist", and what to do, if that is known. */
export function readFailureWords(
  path: string,
  error: unknown,
): { readonly predicate: string; readonly advice: string | undefined } {
  const failure = readFailure(error);
  if (failure !== 'forbidden' && failure !== 'failed')
    return { predicate: predicates[failure], advice: adviceOn[failure] };
  const cause = error instanceof ReadFileError ? error.cause : error;
  const { reason, advice } = fileFailure(path, cause);
  return { predicate: `cannot be read: ${reason}`, advice };
}

const predicates: Readonly<Record<Exclude<ReadFailure, 'forbidden' | 'failed'>, string>> = {
  missing: 'does not exist',
  'not-a-file': 'is not a regular file',
  'too-large': 'is larger than 1 MiB',
  'not-text': 'is not UTF-8 text',
};

const adviceOn: Readonly<Partial<Record<ReadFailure, string>>> = {
  'too-large': 'Check that it is the right file. At most 1 MiB is read.',
  'not-text': 'Save it as UTF-8.',
  'not-a-file': 'Name a file, not a directory or a device.',
};

function translated(read: () => string): string {
  try {
    return read();
  } catch (cause) {
    throw cause instanceof ReadFileError ? cause : new ReadFileError(readFailure(cause), { cause });
  }
}

/** Stops one byte past the limit: devices are endless, and a file may have grown after its size was read. */
function readBounded(descriptor: number): string {
  const buffer = Buffer.allocUnsafe(MAX_FILE_BYTES + 1);
  let length = 0;
  while (length < buffer.length) {
    const count = readSync(descriptor, buffer, length, buffer.length - length, null);
    if (count === 0) return decode(buffer.subarray(0, length));
    length += count;
  }
  throw new ReadFileError('too-large');
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ReadFileError('not-text', { cause });
  }
}
