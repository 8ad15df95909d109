import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packageOf } from '../../scripts/check/declared-dependencies.ts';
import { cyclesOf } from '../../scripts/check/import-cycles.ts';
import { problemsOf } from '../../scripts/check/import-directions.ts';
import { importsOf } from '../../scripts/check/imports-of.ts';

test('every form of import is found, and nothing that merely resembles one', () => {
  const source = `
    import a, { b, type C } from './named.ts'; // import x from './comment.ts'
    import type { D } from './type.ts';
    import type from './default-called-type.ts';
    import './effect.ts';
    export { f } from './re-export.ts';
    export type { G } from './type-re-export.ts';
    export * as h from './star.ts';
    export { local };
    const text = 'import x from "./string.ts"', expression = /import y from '.\\/regexp.ts'/;
    const template = \`\${{ a: 1 }.a} import z from './template.ts' \${await import('./in-template.ts')}\`;
    await import('./dynamic.ts');
    await import(computed);
    import.meta.url; module.require('./method.ts');
    const divided = a / 2; const { import: k } = o;
  `;
  assert.deepEqual(
    importsOf(source).map(({ specifier, typeOnly }) => (typeOnly ? `type ${specifier}` : specifier)),
    [
      './named.ts',
      'type ./type.ts',
      './default-called-type.ts',
      './effect.ts',
      './re-export.ts',
      'type ./type-re-export.ts',
      './star.ts',
      './in-template.ts',
      './dynamic.ts',
      undefined,
    ],
  );
  assert.equal(importsOf("\n\nimport './a.ts';")[0]?.line, 3);
});

type Case = {
  readonly from: string;
  readonly specifier?: string;
  readonly to?: string;
  readonly throughDoor?: boolean;
  readonly typeOnly?: boolean;
};

const judge = ({ from, specifier = 'x', to, throughDoor = false, typeOnly = false }: Case) =>
  problemsOf({ from, specifier, to, throughDoor, typeOnly, line: 1 });

const allowed: readonly Case[] = [
  { from: 'agent/src/tunnel/session.ts', to: 'agent/src/policy/target-policy.ts' },
  { from: 'agent/src/tunnel/session.ts', to: 'wire', throughDoor: true },
  { from: 'agent/src/target/checks/tcp.ts', to: 'agent/src/target/dial-target.ts' },
  { from: 'agent/src/cli/run-command.ts', to: 'agent/src/cli/environment.ts' },
  { from: 'agent/src/daemon.ts', to: 'agent/src/tunnel/session.ts' },
  { from: 'agent/src/cli/run-command.ts', to: 'agent/src/daemon.ts' },
  { from: 'agent/test/session.test.ts', to: 'agent/src/tunnel/session.ts' },
  { from: 'agent/test/session.test.ts', to: 'test/rig/relay.ts' },
  { from: 'test/faults/cut.test.ts', to: 'gateway', throughDoor: true },
  { from: 'control-plane/src/api/create-api.ts', to: 'control-plane/src/fleet/fleet.ts' },
  { from: 'wire/src/limits.ts', specifier: 'node:net', typeOnly: true },
  { from: 'agent/src/tunnel/session.ts', specifier: 'node:net' },
];

const forbidden: readonly (Case & { readonly reason: RegExp })[] = [
  { from: 'agent/src/tunnel/session.ts', to: 'gateway', throughDoor: true, reason: /must not: the tunnel/ },
  { from: 'agent/src/daemon.ts', to: 'gateway', throughDoor: true, reason: /share only the wire protocol/ },
  { from: 'agent/src/cli/status.ts', to: 'agent/src/daemon.ts', reason: /only run starts a daemon/ },
  { from: 'gateway/src/routing/dial.ts', to: 'gateway/src/ingress/tcp/tcp.ts', reason: /must not/ },
  {
    from: 'gateway/src/ingress/tcp.ts',
    to: 'gateway/src/tunnel/session.ts',
    reason: /but never uses a tunnel/,
  },
  { from: 'wire/src/limits.ts', to: 'observe', throughDoor: true, reason: /wire must not/ },
  { from: 'wire/src/limits.ts', specifier: 'node:net', reason: /opens no sockets/ },
  { from: 'wire/src/limits.ts', specifier: 'http2', reason: /opens no sockets/ },
  { from: 'agent/src/tunnel/session.ts', to: 'wire/src/limits.ts', reason: /import the package by name/ },
  { from: 'test/faults/cut.test.ts', to: 'gateway/src/gateway.ts', reason: /import the package by name/ },
  { from: 'agent/src/brandnew/file.ts', to: 'agent/src/policy/x.ts', reason: /no rule covers this folder/ },
];

test('allowed imports are not reported', () => {
  for (const one of allowed) assert.deepEqual(judge(one), [], JSON.stringify(one));
});

test('forbidden imports are reported, each with its reason', () => {
  for (const { reason, ...one } of forbidden) {
    const [problem, ...more] = judge(one);
    assert.match(problem ?? `no problem reported for ${JSON.stringify(one)}`, reason);
    assert.deepEqual(more, []);
  }
});

test('a computed import is a problem in a program but not in a development tool', () => {
  const computed = { specifier: undefined, to: undefined, throughDoor: false, typeOnly: false, line: 1 };
  assert.match(problemsOf({ ...computed, from: 'agent/src/main.ts' })[0] ?? '', /computed/);
  assert.deepEqual(problemsOf({ ...computed, from: 'scripts/check.ts' }), []);
});

test('an import cycle is reported once', () => {
  const edge = (from: string, to: string) => ({ from, to, throughDoor: false });
  assert.deepEqual(cyclesOf([edge('a', 'b'), edge('b', 'c'), edge('a', 'c')]), []);
  assert.deepEqual(cyclesOf([edge('x', 'a'), edge('a', 'b'), edge('b', 'c'), edge('c', 'a')]), [
    ['a', 'b', 'c', 'a'],
  ]);
});

test('packageOf returns the package of a specifier', () => {
  assert.equal(packageOf('@peculiar/x509'), '@peculiar/x509');
  assert.equal(packageOf('ajv/dist/2020.js'), 'ajv');
  assert.equal(packageOf('node:net'), undefined);
  assert.equal(packageOf('./file.ts'), undefined);
});
