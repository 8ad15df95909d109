import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';

const STORE = join(import.meta.dirname, '../src');
const MODULES = join(import.meta.dirname, '../../node_modules');

/** Imitates a build of the folder without the compiler: strips types and imports .js files. */
async function build(from: string, to: string): Promise<number> {
  const files = (await readdir(from, { recursive: true })).filter((file) => file.endsWith('.ts'));
  for (const file of files) {
    const text = stripTypeScriptTypes(await readFile(join(from, file), 'utf8'));
    const target = join(to, file.replace(/\.ts$/, '.js'));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text.replaceAll(/(from '\.[^']*)\.ts'/g, "$1.js'"));
  }
  return files.length;
}

test('the store finds its worker in a build, where files end in .js', async () => {
  await using directory = await temporaryDirectory();
  const dist = join(directory.path, 'dist');
  assert.ok((await build(STORE, dist)) > 10);
  await writeFile(join(dist, 'package.json'), '{"type": "module"}');
  await symlink(MODULES, join(directory.path, 'node_modules'), 'junction');
  const program = `
    import { createStore } from ${JSON.stringify(join(dist, 'open-store.js'))};
    const store = await createStore(${JSON.stringify(directory.path)});
    process.stdout.write(JSON.stringify(await store.agents.list({ limit: 1 })));
    await store.close();
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  assert.equal(stdout, '[]');
});
