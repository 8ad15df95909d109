import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Artifact,
  chooseArtifact,
  MAX_DOCUMENT_BYTES,
  ReleaseError,
  releasePaths,
  verifyRelease,
} from '@penstock/release';
import { errorText, type UpgradeCode } from '@penstock/wire';
import type { ReleaseSource } from './release-source.ts';

/** A release could not be fetched, or is not one that the updater would accept. */
export class FetchError extends Error {
  override readonly name = 'FetchError';
  readonly code: UpgradeCode;

  constructor(code: UpgradeCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export type FetchOptions = {
  readonly source: ReleaseSource;
  /** Where the files are put, in the same folders as they are published. */
  readonly directory: string;
  readonly version: string;
  readonly rootKeys: readonly string[];
  readonly platform: { readonly os: string; readonly arch: string };
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (fetched: { readonly bytes: number; readonly of: number }) => void;
};

/** An envelope has its payload as base64. */
const MAX_FILE_BYTES = 2 * MAX_DOCUMENT_BYTES;
/** Attempts to continue a download that breaks off. */
const MAX_ATTEMPTS = 5;
const RESERVED_BYTES = 32 * 1024 * 1024;

/**
 * Fetches the signed documents of a release, and its executable unless that is here already. A download that broke off
 * continues where it ended, also after a restart. Throws FetchError.
 */
export async function fetchRelease(options: FetchOptions): Promise<void> {
  const { directory, version, platform } = options;
  await mkdir(join(directory, version), { recursive: true, mode: 0o700 });
  const release = await fetchDocuments(options);
  const artifact = ofRelease(() => chooseArtifact(release, { program: 'penstock-agent', ...platform }));
  await removeOthers(directory, version);
  const file = join(directory, releasePaths.artifact(version, artifact.file));
  if (await isPresent(file, artifact)) return;
  await fetchArtifact(artifact, file, options);
}

/** Fetches the documents alone, as they are now: a release may have been revoked since. Throws FetchError. */
export async function fetchDocuments(options: Omit<FetchOptions, 'onProgress' | 'platform'>) {
  const { source, directory, version, rootKeys, now, signal } = options;
  const files = {
    keys: releasePaths.keys,
    latest: releasePaths.latest,
    release: releasePaths.release(version),
  };
  const read = async (file: string) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of await source.open(file, 0, signal)) {
      length += chunk.length;
      if (length > MAX_FILE_BYTES)
        throw new FetchError('UNTRUSTED', `${file} of ${source.name} is too large.`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  };
  const contents = await unavailable(source, async () => ({
    keys: await read(files.keys),
    latest: await read(files.latest),
    release: await read(files.release),
  }));
  // The updater verifies again, with the sequences that this host has seen. This spares it what can be known here.
  const { release } = ofRelease(() =>
    verifyRelease(contents, version, { rootKeys, now, seen: { keys: 0, latest: 0, release: 0 } }),
  );
  for (const [name, file] of Object.entries(files)) {
    await replaceFile(join(directory, file), contents[name as keyof typeof contents]);
  }
  return release;
}

async function fetchArtifact(
  { file: name, size, sha256 }: Artifact,
  file: string,
  { source, version, directory, signal, onProgress }: FetchOptions,
): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const partial = `${file}.part`;
  const present = (await sizeOf(partial)) ?? 0;
  if (bavail * bsize < size - present + RESERVED_BYTES) throw diskFull(directory, size);
  await using handle = await open(partial, 'a+', 0o600);
  let at = present > size ? 0 : present;
  if (present > size) await handle.truncate();
  for (let attempt = 1; at < size; attempt += 1) {
    const before = at;
    try {
      const chunks = await source.open(releasePaths.artifact(version, name), at, signal);
      for await (const chunk of chunks) {
        if (at + chunk.length > size) throw tooLarge(name, size);
        await handle.appendFile(chunk);
        at += chunk.length;
        onProgress?.({ bytes: at, of: size });
      }
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof FetchError) {
        await rm(partial, { force: true });
        throw error;
      }
      if (isDiskFull(error)) throw diskFull(directory, size, error);
      if (attempt >= MAX_ATTEMPTS || at === before) throw notFetched(source, error);
    }
    if (at < size && at === before)
      throw notFetched(source, new Error(`${name} ends after ${at} of ${size} bytes.`));
  }
  if ((await hashOf(handle)) !== sha256) {
    await rm(partial, { force: true });
    throw new FetchError('ARTIFACT_MISMATCH', `${name} of ${source.name} is not the file of the release.`);
  }
  await handle.sync();
  await rename(partial, file);
}

/** Whether it is here, and not damaged since it was fetched. */
async function isPresent(file: string, { size, sha256 }: Artifact): Promise<boolean> {
  if ((await sizeOf(file)) !== size) return false;
  await using handle = await open(file, 'r');
  return (await hashOf(handle)) === sha256;
}

async function hashOf(handle: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of handle.createReadStream({ start: 0, autoClose: false })) hash.update(chunk);
  return hash.digest('hex');
}

/** Removes the files of other versions: the updater has copied what it wanted. */
async function removeOthers(directory: string, version: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isDirectory() && entry.name !== version)
      await rm(join(directory, entry.name), { recursive: true, force: true });
  }
}

async function replaceFile(file: string, content: Uint8Array): Promise<void> {
  const temporary = `${file}.tmp`;
  try {
    await using handle = await open(temporary, 'w', 0o600);
    await handle.writeFile(content);
    await rename(temporary, file);
  } catch (error) {
    throw isDiskFull(error) ? diskFull(file, content.length, error) : error;
  }
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch {
    return undefined;
  }
}

async function unavailable<Result>(source: ReleaseSource, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    throw error instanceof FetchError ? error : notFetched(source, error);
  }
}

const notFetched = (source: ReleaseSource, cause: unknown) =>
  new FetchError(
    'SOURCE_UNAVAILABLE',
    `The release cannot be fetched from ${source.name}: ${errorText(cause)}`,
    {
      cause,
    },
  );

const tooLarge = (name: string, size: number) =>
  new FetchError('ARTIFACT_MISMATCH', `${name} is larger than the ${size} bytes of the release.`);

const diskFull = (directory: string, size: number, cause?: unknown) =>
  new FetchError('DISK_FULL', `${directory} has no space for ${Math.ceil(size / 1024 / 1024)} MB.`, {
    cause,
  });

const isDiskFull = (error: unknown) =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');

function ofRelease<Result>(action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof ReleaseError)) throw error;
    throw new FetchError(codeOf(error.code), error.message, { cause: error });
  }
}

function codeOf(code: ReleaseError['code']): UpgradeCode {
  if (code === 'REVOKED' || code === 'EXPIRED' || code === 'OLD_SEQUENCE') return code;
  return code === 'NO_ARTIFACT' ? 'WRONG_PLATFORM' : 'UNTRUSTED';
}
