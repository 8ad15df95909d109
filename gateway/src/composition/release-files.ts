import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '@penstock/wire';
import type { ReleasesPort } from '../control-plane-port.ts';

/** Releases that agents can fetch from this gateway: the files below `releases` in its data directory, as `npm run release` writes them. */
export function releaseFiles(dataDirectory: string): ReleasesPort {
  return {
    async open(file, offset) {
      const path = join(dataDirectory, 'releases', file);
      const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined);
      if (handle === undefined) return undefined;
      const stats = await handle.stat();
      if (!stats.isFile() || stats.size > limits.releaseFileBytes || offset >= Math.max(1, stats.size)) {
        await handle.close();
        return undefined;
      }
      return { size: stats.size, content: handle.createReadStream({ start: offset }) };
    },
  };
}
