import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_DOCUMENT_BYTES, releasePaths, verifyLatest } from '@penstock/release';

export type LatestReleaseOptions = {
  readonly dataDirectory: string;
  /** Of the build; a build without them verifies nothing, and follows no channel. */
  readonly rootKeys: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/**
 * Returns a function that resolves to the newest version below `releases` in the data directory, once its signatures are
 * verified; to undefined if there is none. It rejects if the files cannot be read or verified.
 */
export function latestRelease({ dataDirectory, rootKeys, now }: LatestReleaseOptions) {
  const read = async (path: string): Promise<Buffer | undefined> => {
    const file = join(dataDirectory, 'releases', path);
    const found = await stat(file).catch(() => undefined);
    if (found === undefined) return undefined;
    // An envelope has its payload as base64.
    if (found.size > 2 * MAX_DOCUMENT_BYTES) throw new Error(`${file} is too large for a signed document.`);
    return readFile(file);
  };
  return async (): Promise<string | undefined> => {
    if (rootKeys.length === 0) return undefined;
    const [keys, latest] = await Promise.all([read(releasePaths.keys), read(releasePaths.latest)]);
    if (keys === undefined || latest === undefined) return undefined;
    const seen = { keys: 0, latest: 0, release: 0 };
    return verifyLatest({ keys, latest }, { rootKeys, seen, now: now() }).latest.release.version;
  };
}
