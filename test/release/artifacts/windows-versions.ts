import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle } from '../../../scripts/release/bundle.ts';
import { writeExecutable } from '../../../scripts/release/executable.ts';
import { nodeFor } from '../../../scripts/release/node-binary.ts';
import { platforms } from '../../../scripts/release/platforms.ts';
import { filesFor } from '../../../scripts/release/program-files.ts';
import { ROOT, VERSION } from './built-release.ts';

/** Where `npm run release` keeps what it has downloaded. */
const CACHE = join(ROOT, 'node_modules/.cache/penstock-release');

export type WindowsVersion = {
  readonly version: string;
  readonly rootKeys: readonly string[];
  /** A statement that runs before anything else. */
  readonly prefix?: string;
};

/** The agent of this tree for Windows, as another version, with root keys of a test. */
export async function windowsVersion(
  folder: string,
  { version, rootKeys, prefix = '' }: WindowsVersion,
): Promise<Buffer> {
  const platform = platforms.find(({ name }) => name === 'windows-x64');
  if (platform === undefined) throw new Error('There are no executables for Windows.');
  const facts = { commit: undefined, date: undefined, sequence: 1, rootKeys };
  const options = { root: ROOT, facts };
  const { text } = await bundle('agent/bin/penstock-agent.js', options);
  const { files } = await filesFor('penstock-agent', options);
  const program = text.replace(/^#!.*\n/, '').replaceAll(`"${VERSION}"`, `"${version}"`);
  const main = `${prefix}\n${program}`;
  const { binary: node } = await nodeFor(platform, CACHE);
  const output = join(folder, `penstock-agent-${version}.exe`);
  await writeExecutable({ main, files }, { node, platform, output });
  return readFile(output);
}
