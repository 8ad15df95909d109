import { createHash } from 'node:crypto';
import type { Artifact, ReleaseDocument } from './documents.ts';
import { ReleaseError } from './release-error.ts';

export type ArtifactQuery = {
  readonly program: 'penstock-agent' | 'penstock-gateway';
  /** As in `process.platform`. */
  readonly os: string;
  /** As in `process.arch`. */
  readonly arch: string;
  readonly kind?: string;
};

/** The file of a release for a program and a host; an executable unless `kind` says otherwise. Throws ReleaseError. */
export function chooseArtifact(
  { version, artifacts }: ReleaseDocument,
  { program, os, arch, kind = 'executable' }: ArtifactQuery,
): Artifact {
  const found = artifacts.find(
    (artifact) =>
      artifact.program === program && artifact.kind === kind && artifact.os === os && artifact.arch === arch,
  );
  if (found === undefined) {
    throw new ReleaseError(
      'NO_ARTIFACT',
      `Release ${version} has no ${kind} of ${program} for ${os} on ${arch}.`,
    );
  }
  return found;
}

/**
 * Passes on the bytes of an artifact, decompressed if they were, and throws ReleaseError when there are more or fewer than
 * the release says, or others. Every byte has been passed on before the hash is known: the receiver must not use them
 * before the iteration has ended without an error.
 */
export async function* verifiedArtifact(
  { file, size, sha256 }: Pick<Artifact, 'file' | 'size' | 'sha256'>,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let received = 0;
  for await (const chunk of chunks) {
    received += chunk.length;
    if (received > size) {
      throw new ReleaseError(
        'ARTIFACT_TOO_LARGE',
        `${file} is larger than the ${size} bytes of the release.`,
      );
    }
    hash.update(chunk);
    yield chunk;
  }
  if (received < size) {
    throw new ReleaseError('ARTIFACT_TRUNCATED', `${file} ends after ${received} of ${size} bytes.`);
  }
  if (hash.digest('hex') !== sha256) {
    throw new ReleaseError('ARTIFACT_CORRUPT', `The SHA-256 of ${file} does not match the release.`);
  }
}
