import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { buildConsole } from '../build/build-console.ts';
import { openConsole } from '../src/index.ts';

test('two builds of the same sources are equal byte for byte', async () => {
  await using directory = await temporaryDirectory();
  const [one, other] = [join(directory.path, 'one'), join(directory.path, 'other')] as const;
  await buildConsole(one);
  await buildConsole(other);
  const hashes = await hashesOf(one);
  assert.ok(hashes.size >= 4, `only ${[...hashes.keys()].join(', ')} were built`);
  assert.deepEqual(await hashesOf(other), hashes);
});

test('a checkout builds its console when it is first asked for, and serves what it built', async () => {
  const webConsole = openConsole();
  const files = await webConsole.files();
  const index = files.get('index.html');
  assert.match(index?.body.toString() ?? '', /<div id="root">/);
  assert.equal(index?.isImmutable, false);
  const script = /src="\/console\/(assets\/[^"]+\.js)"/.exec(index?.body.toString() ?? '')?.[1] ?? '';
  assert.equal(files.get(script)?.isImmutable, true);
  assert.equal(files.get(script)?.type, 'text/javascript; charset=utf-8');
  assert.ok((files.get(script)?.gzip?.length ?? Infinity) < (files.get(script)?.body.length ?? 0));
  assert.equal(files.has('.vite/manifest.json'), false);
  // The pages admit no inline script and no inline style.
  assert.doesNotMatch(index?.body.toString() ?? '', /<script>|<style|style=|onload=/);
  webConsole.close();
});

test('a package without assets and without a builder says that it has no console', async () => {
  await using directory = await temporaryDirectory();
  await mkdir(join(directory.path, 'console'));
  const webConsole = openConsole(join(directory.path, 'console'));
  await assert.rejects(webConsole.files(), /This installation does not contain the console/);
});

test('a build that fails says why', async () => {
  await using directory = await temporaryDirectory();
  const folder = join(directory.path, 'console');
  for (const part of ['app', 'build', 'public']) await mkdir(join(folder, part), { recursive: true });
  await writeFile(join(folder, 'index.html'), '');
  await writeFile(join(folder, 'package.json'), '{}');
  await writeFile(join(folder, 'build/main.ts'), "throw new Error('vite is not installed');");
  await assert.rejects(openConsole(folder).files(), /vite is not installed/);
});

test('a published package serves its assets', async () => {
  await using directory = await temporaryDirectory();
  const assets = join(directory.path, 'console/assets');
  await mkdir(join(assets, 'assets'), { recursive: true });
  await writeFile(join(assets, 'index.html'), '<title>built</title>');
  await writeFile(join(assets, 'assets/a-1.css'), 'a{}');
  const files = await openConsole(join(directory.path, 'console')).files();
  assert.deepEqual([...files.keys()].sort(), ['assets/a-1.css', 'index.html']);
  assert.equal(files.get('assets/a-1.css')?.gzip, undefined);
});

async function hashesOf(directory: string): Promise<Map<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const hashed = await Promise.all(
    files.sort().map(
      async (file): Promise<[string, string]> => [
        file.slice(directory.length),
        createHash('sha256')
          .update(await readFile(file))
          .digest('hex'),
      ],
    ),
  );
  return new Map(hashed);
}
