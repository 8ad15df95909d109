import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
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
 * Opens a file that an agent has written. The agent may be compromised, and this process is root: links, pipes, and devices
 * are refused, and so is a file of another user than `owner`, to which a link in the path, or a hard link, would lead.
 * Undefined if the file does not exist.
 */
function openFetched(file: string, owner: number | undefined) {
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new UpgradeError('SOURCE_UNAVAILABLE', `${file} cannot be read (${code}).`);
  }
  const stats = fstatSync(descriptor);
  if (stats.isFile() && (owner === undefined || stats.uid === owner)) return { descriptor, owner: stats.uid };
  closeSync(descriptor);
  throw new UpgradeError(
    'SOURCE_UNAVAILABLE',
    stats.isFile()
      ? `${file} belongs to another user than the request for it.`
      : `${file} is not a regular file.`,
  );
}

export type FetchedFile = {
  readonly bytes: Buffer;
  /** The id of the user that it belongs to. */
  readonly owner: number;
};

/** A small file of an agent, or undefined if it does not exist. Throws UpgradeError. */
export function readFetched(file: string, limit: number, wanted?: number): FetchedFile | undefined {
  const opened = openFetched(file, wanted);
  if (opened === undefined) return undefined;
  const { descriptor, owner } = opened;
  try {
    // Its owner may make it longer at any time, so its size says nothing.
    const buffer = Buffer.alloc(limit + 1);
    let length = 0;
    for (;;) {
      const read = readSync(descriptor, buffer, length, buffer.length - length, null);
      length += read;
      if (length > limit)
        throw new UpgradeError('SOURCE_UNAVAILABLE', `${file} is larger than ${limit} bytes.`);
      if (read === 0) return { bytes: buffer.subarray(0, length), owner };
    }
  } finally {
    closeSync(descriptor);
  }
}

/** The bytes of a large file of an agent. Throws UpgradeError if it does not exist. */
export async function* fetchedChunks(file: string, owner?: number): AsyncGenerator<Buffer> {
  const opened = openFetched(file, owner);
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
