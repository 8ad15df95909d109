import { createReadStream } from 'node:fs';
import { join } from 'node:path';

/** Where the files of a release come from. Nothing that it returns is trusted. */
export type ReleaseSource = {
  /** For messages. */
  readonly name: string;
  /**
   * The bytes of a file from `offset`, by its path in the published folder. Rejects, or ends with an error, when it cannot be
   * read: SourceError if there is something to say about it.
   */
  open(file: string, offset: number, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
};

/** A source does not deliver a file. The message says which and why. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
}

/** A directory of this host, such as a mounted medium. */
export function directorySource(path: string): ReleaseSource {
  return {
    name: path,
    open: async (file, offset, signal) => createReadStream(join(path, file), { start: offset, signal }),
  };
}

/** A folder on a web server. */
export function urlSource(url: string): ReleaseSource {
  return {
    name: url,
    async open(file, offset, signal) {
      const response = await fetch(new URL(file, url), {
        signal,
        redirect: 'follow',
        headers: offset > 0 ? { range: `bytes=${offset}-` } : {},
      });
      const { status, body } = response;
      const isExpected = status === (offset > 0 ? 206 : 200);
      if (!isExpected || body === null) {
        await body?.cancel();
        throw new SourceError(`${url} answered HTTP ${status} for ${file}.`);
      }
      return body;
    },
  };
}
