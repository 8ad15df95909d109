import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withBuiltImports } from '../../scripts/build/assets.ts';
import { lockFor } from '../../scripts/build/lock.ts';
import { builtManifest, builtRootManifest, type Manifest } from '../../scripts/build/manifest.ts';
import { workspacesFor } from '../../scripts/build/workspaces.ts';

const manifest = (name: string, dependencies: Record<string, string>): Manifest => ({
  name: `@penstock/${name}`,
  version: '1.0.0',
  exports: { '.': './src/index.ts', './plain': './plain.js' },
  dependencies,
});

const manifests = new Map([
  ['wire', manifest('wire', { ajv: '1' })],
  ['agent', manifest('agent', { '@penstock/wire': '1.0.0', shared: '2' })],
  ['gateway', manifest('gateway', { '@penstock/wire': '1.0.0', fastify: '5' })],
]);

test('a program is built with exactly the packages it depends on', () => {
  assert.deepEqual([...workspacesFor(manifests, 'agent').keys()], ['wire', 'agent']);
  assert.deepEqual([...workspacesFor(manifests, undefined).keys()], ['wire', 'agent', 'gateway']);
  assert.throws(() => workspacesFor(manifests, 'none'), /Package none does not exist/);
});

test('built doors lead to JavaScript and its types', () => {
  assert.deepEqual(builtManifest(manifest('wire', {})).exports, {
    '.': { types: './src/index.d.ts', default: './src/index.js' },
    './plain': './plain.js',
  });
});

test('the lock keeps what is reached, nested packages before those above, and no development tool', () => {
  const lock = {
    packages: {
      '': {},
      agent: { dependencies: { '@penstock/wire': '1.0.0', shared: '2' } },
      wire: { dependencies: { ajv: '1' } },
      gateway: { dependencies: { fastify: '5' } },
      'node_modules/@penstock/agent': { resolved: 'agent', link: true },
      'node_modules/@penstock/wire': { resolved: 'wire', link: true },
      'node_modules/@penstock/gateway': { resolved: 'gateway', link: true },
      'node_modules/ajv': { peerDependencies: { deep: '1' } },
      'node_modules/deep': {},
      'node_modules/shared': {},
      'agent/node_modules/shared': {},
      'node_modules/fastify': {},
      'node_modules/typescript': {},
    },
  };
  const built = new Map(
    [...workspacesFor(manifests, 'agent')].map(([folder, one]) => [folder, builtManifest(one)]),
  );
  const root = builtRootManifest(manifest('root', {}), [...built.keys()]);
  const { packages } = lockFor(lock, root, built);
  assert.deepEqual(Object.keys(packages), [
    '',
    'agent',
    'wire',
    'node_modules/@penstock/agent',
    'node_modules/@penstock/wire',
    'node_modules/ajv',
    'node_modules/deep',
    'agent/node_modules/shared',
  ]);
  assert.deepEqual(packages[''], root);
});

test('plain JavaScript imports what was built', () => {
  assert.equal(
    withBuiltImports(`import { a } from '../src/main.ts';\nawait import("./x.ts"); // 'name.ts'`),
    `import { a } from '../src/main.js';\nawait import("./x.js"); // 'name.ts'`,
  );
});
