import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { type UpgradeCode, upgradeCodes } from '@penstock/wire';

/** An upgrade that cannot go on. `detail` says what, where, and what to do. */
export class UpgradeError extends Error {
  override readonly name = 'UpgradeError';
  readonly code: UpgradeCode;

  constructor(code: UpgradeCode, detail: string = upgradeCodes[code], options?: ErrorOptions) {
    super(detail, options);
    this.code = code;
  }
}

const CHUNK = 1024 * 1024;

/**
 * Opens a file that an agent has written. The agent may be compromised, and this process is root: links, pipes and devices
 * are refused. Undefined if the file does not exist.
 */
function openFetched(file: string): { readonly descriptor: number; readonly size: number } | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new UpgradeError('SOURCE_UNAVAILABLE', `${file} cannot be read (${code}).`);
  }
  const stats = fstatSync(descriptor);
  if (stats.isFile()) return { descriptor, size: stats.size };
  closeSync(descriptor);
  throw new UpgradeError('SOURCE_UNAVAILABLE', `${file} is not a regular file.`);
}

/** A small file of an agent, or undefined if it does not exist. Throws UpgradeError. */
export function readFetched(file: string, limit: number): Buffer | undefined {
  const opened = openFetched(file);
  if (opened === undefined) return undefined;
  try {
    if (opened.size > limit)
      throw new UpgradeError('SOURCE_UNAVAILABLE', `${file} is larger than ${limit} bytes.`);
    return readFileSync(opened.descriptor).subarray(0, limit);
  } finally {
    closeSync(opened.descriptor);
  }
}

/** The bytes of a large file of an agent. Throws UpgradeError if it does not exist. */
export async function* fetchedChunks(file: string): AsyncGenerator<Buffer> {
  const opened = openFetched(file);
  if (opened === undefined) throw new UpgradeError('SOURCE_UNAVAILABLE', `${file} does not exist.`);
  const buffer = Buffer.allocUnsafe(CHUNK);
  try {
    for (;;) {
      const length = readSync(opened.descriptor, buffer);
      if (length === 0) return;
      yield buffer.subarray(0, length);
    }
  } finally {
    closeSync(opened.descriptor);
  }
}
