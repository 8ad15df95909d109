import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { publisher } from './release-files.ts';

export const PLATFORM = { os: 'linux', arch: 'x64' };

/** An executable that passes the checks before a switch. */
export const executable = (version: string): string =>
  `#!/bin/sh\ncase "$1" in self-check) echo ${version};; config) exit 0;; esac\n`;

export type Publisher = ReturnType<typeof publisher>;
type Changes = NonNullable<Parameters<Publisher['files']>[0]>;

const YEAR_MS = 365 * 24 * 60 * 60_000;
const later = () => new Date(Date.now() + YEAR_MS).toISOString();

/** Publishes a version into a directory, with the documents valid now. Returns the name of its executable. */
export function publish(
  directory: string,
  release: Publisher,
  version: string,
  {
    content = executable(version),
    changes = {},
    platform = PLATFORM,
  }: {
    readonly content?: string | Buffer;
    readonly changes?: Changes;
    readonly platform?: typeof PLATFORM;
  } = {},
): string {
  const bytes = Buffer.from(content);
  const file = `penstock-agent-${version}`;
  const documents = release.files({
    ...changes,
    keys: { expires: later(), ...changes.keys },
    latest: { expires: later(), ...changes.latest },
    release: {
      version,
      expires: later(),
      artifacts: [
        {
          program: 'penstock-agent',
          kind: 'executable',
          ...platform,
          file,
          size: bytes.length,
          sha256: createHash('sha256').update(bytes).digest('hex'),
        },
      ],
      ...changes.release,
    },
  });
  mkdirSync(join(directory, version), { recursive: true });
  writeFileSync(join(directory, 'keys.json'), documents.keys);
  writeFileSync(join(directory, 'latest.json'), documents.latest);
  writeFileSync(join(directory, version, 'release.json'), documents.release);
  writeFileSync(join(directory, version, file), bytes);
  return file;
}
