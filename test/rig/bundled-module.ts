import { join } from 'node:path';
import { buildFacts } from '@penstock/release';
import { bundle } from '../../scripts/release/bundle.ts';

const ROOT = join(import.meta.dirname, '../..');

/** A module with everything that it imports, as in a release. One file starts in half the time that its sources take. */
export async function bundledModule(entry: string): Promise<string> {
  const { text } = await bundle(entry, { root: ROOT, facts: buildFacts });
  return text;
}
