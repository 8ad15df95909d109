import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RolloutProblem } from '@penstock/control-plane';
import { MAX_DOCUMENT_BYTES, ReleaseError, releasePaths, verifyRelease } from '@penstock/release';
import { errorText } from '@penstock/wire';

export type RequireReleaseOptions = {
  readonly dataDirectory: string;
  /** Of the build; a build without them verifies no release, and the hosts alone decide. */
  readonly rootKeys: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/**
 * Rejects with RolloutProblem unless a version can be rolled out from the releases in the data directory: signed, announced,
 * not revoked. Every host verifies the same again, with what it has seen before, so this only tells an operator early. Without
 * such a directory the hosts fetch from a mirror, and decide alone.
 */
export function requireRelease({ dataDirectory, rootKeys, now }: RequireReleaseOptions) {
  const read = async (path: string): Promise<Buffer> => {
    const file = join(dataDirectory, 'releases', path);
    const { size } = await stat(file);
    if (size > MAX_DOCUMENT_BYTES) throw new Error(`${file} is too large for a signed document.`);
    return readFile(file);
  };
  return async (version: string): Promise<void> => {
    const isPublished = await stat(join(dataDirectory, 'releases')).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!isPublished || rootKeys.length === 0) return;
    try {
      const [keys, latest, release] = await Promise.all([
        read(releasePaths.keys),
        read(releasePaths.latest),
        read(releasePaths.release(version)),
      ]);
      const seen = { keys: 0, latest: 0, release: 0 };
      verifyRelease({ keys, latest, release }, version, { rootKeys, seen, now: now() });
    } catch (error) {
      const code = error instanceof ReleaseError ? `${error.code}: ` : '';
      throw new RolloutProblem(
        'RELEASE_UNUSABLE',
        `Version ${version} cannot be rolled out. ${code}${errorText(error)}`,
      );
    }
  };
}
