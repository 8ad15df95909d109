import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Artifact } from '@penstock/release';
import { SOFTWARE_VERSION } from '@penstock/wire/version';
import type { BuiltRelease } from '../../../scripts/release/sign.ts';

export const ROOT = join(import.meta.dirname, '../../..');
export const VERSION = SOFTWARE_VERSION;

/** The folder that `npm run release -- --out` wrote; main.ts sets it. */
export const releaseFolder = process.env['PENSTOCK_RELEASE'] ?? '';

export const built = JSON.parse(
  readFileSync(join(releaseFolder, VERSION, 'artifacts.json'), 'utf8'),
) as BuiltRelease;

export type Wanted = Partial<Pick<Artifact, 'program' | 'kind' | 'os' | 'arch'>>;

/** Paths of the artifacts that fit. */
export function filesOf(wanted: Wanted): readonly string[] {
  return built.artifacts
    .filter((artifact) =>
      Object.entries(wanted).every(([key, value]) => artifact[key as keyof Wanted] === value),
    )
    .map(({ file }) => join(releaseFolder, VERSION, file));
}

/** The only one. */
export function fileOf(wanted: Wanted): string {
  const [file, ...others] = filesOf(wanted);
  if (file !== undefined && others.length === 0) return file;
  throw new Error(
    `The release has ${others.length + (file === undefined ? 0 : 1)} files with ${JSON.stringify(wanted)}.`,
  );
}

export const skipIfAbsent = (wanted: Wanted): false | string =>
  filesOf(wanted).length === 0 && `the release has no file with ${JSON.stringify(wanted)}`;

export async function workFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'penstock-artifact-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
