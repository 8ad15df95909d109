import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildFacts } from '@penstock/release';
import { bundle, folderOf, type Program, workers } from '../../scripts/release/bundle.ts';

export type Programs = { readonly gateway: URL; readonly agent: URL };

const ROOT = join(import.meta.dirname, '../..');
const DIRECTORY = join(ROOT, 'node_modules/.cache/penstock-bench');

let bundled: Promise<Programs> | undefined;

/**
 * Both programs as they are shipped, bundled from the sources of this tree: a checkout compiles its sources when it starts, and
 * keeps the memory of that. Node runs them rather than a single executable, which takes no options for measuring.
 */
export function penstockPrograms(): Promise<Programs> {
  bundled ??= bundleBoth();
  return bundled;
}

async function bundleBoth(): Promise<Programs> {
  return { gateway: await bundleOne('penstock-gateway'), agent: await bundleOne('penstock-agent') };
}

async function bundleOne(program: Program): Promise<URL> {
  const directory = join(DIRECTORY, program);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }\n');
  const options = { root: ROOT, facts: buildFacts };
  const files = { [program]: `${folderOf(program)}/bin/${program}.js`, ...workers[program] };
  for (const [name, entry] of Object.entries(files)) {
    const { text } = await bundle(entry, options);
    await writeFile(join(directory, `${name}.js`), text);
  }
  return pathToFileURL(join(directory, `${program}.js`));
}
