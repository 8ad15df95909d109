import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import type { Artifact } from '@penstock/release';

/** A file of a release as its manifest describes it. */
export async function describeArtifact(
  folder: string,
  artifact: Pick<Artifact, 'program' | 'kind' | 'os' | 'arch' | 'file'>,
): Promise<Artifact> {
  const path = join(folder, artifact.file);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return { ...artifact, size: (await stat(path)).size, sha256: hash.digest('hex') };
}

/** Compresses a file next to itself. The header of gzip has no time and no name, so that the same file gives the same bytes. */
export async function compress(folder: string, file: string): Promise<NonNullable<Artifact['gzip']>> {
  const compressed = `${file}.gz`;
  await pipeline(
    createReadStream(join(folder, file)),
    createGzip({ level: constants.Z_DEFAULT_COMPRESSION }),
    createWriteStream(join(folder, compressed)),
  );
  return { file: compressed, size: (await stat(join(folder, compressed))).size };
}
