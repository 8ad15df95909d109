import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { diffConfig } from '../src/diff.ts';
import { checkConfig, parseAgentConfig } from '../src/parse.ts';
import { Secret } from '../src/secret.ts';
import { yamlText } from '../src/show.ts';
import { hostOf } from './rig/host-of.ts';
import { MINIMAL_AGENT } from './rig/minimal-file.ts';
import { validAgentFile } from './rig/valid-file.ts';

describe('a diff', () => {
  test('matches named items by name, regardless of position', () => {
    const orders = { name: 'orders', address: 'a:1' };
    const stock = { name: 'stock', address: 'b:1' };
    assert.deepEqual(
      diffConfig({ connectors: [orders] }, { connectors: [stock, { ...orders, address: 'a:2' }] }),
      [
        { path: 'connectors[orders].address', kind: 'changed', before: 'a:1', after: 'a:2' },
        { path: 'connectors[stock]', kind: 'added', before: '', after: '{"name":"stock","address":"b:1"}' },
      ],
    );
    assert.deepEqual(diffConfig({ connectors: [orders] }, { connectors: [] }), [
      { path: 'connectors[orders]', kind: 'removed', before: '{"name":"orders","address":"a:1"}', after: '' },
    ]);
  });

  test('shows a change in only the order of named items', () => {
    const [a, b] = [{ name: 'a' }, { name: 'b' }];
    assert.deepEqual(diffConfig({ pools: [a, b] }, { pools: [b, a] }), [
      { path: 'pools', kind: 'changed', before: '["a","b"]', after: '["b","a"]' },
    ]);
  });

  test('numbers items without a name, and compares lists of values as a whole', () => {
    const before = { ingress: [{ tcp: 'a:1', allow: ['10.0.0.0/8'] }], sample: ['cpu'] };
    const after = {
      ingress: [{ tcp: 'a:2', allow: ['10.0.0.0/8'] }, { tcp: 'b:1' }],
      sample: ['cpu', 'memory'],
    };
    assert.deepEqual(
      diffConfig(before, after).map(({ path, kind }) => `${kind} ${path}`),
      ['changed ingress[#1].tcp', 'added ingress[#2]', 'changed sample'],
    );
  });

  test('shows a change of kind', () => {
    assert.deepEqual(diffConfig({ check: { interval: '5s' } }, { check: [] }), [
      { path: 'check', kind: 'changed', before: '{"interval":"5s"}', after: '[]' },
    ]);
    assert.deepEqual(diffConfig({ a: undefined, b: null }, { b: 0 }), [
      { path: 'b', kind: 'changed', before: 'null', after: '0' },
    ]);
  });

  test('compares secrets without showing them', () => {
    const with_ = (value: string, reference?: string) => ({ key: new Secret(value, reference) });
    assert.deepEqual(diffConfig(with_('one', '${env:A}'), with_('one', '${env:A}')), []);
    assert.deepEqual(diffConfig(with_('one', '${env:A}'), with_('two', '${env:A}')), [
      { path: 'key', kind: 'changed', before: '${env:A}', after: '${env:A}' },
    ]);
    const added = diffConfig({}, { receivers: [{ name: 'ops', webhook: new Secret('c4n4ry') }] });
    assert.equal(added.length, 1);
    assert.doesNotMatch(JSON.stringify(added), /c4n4ry/);
  });

  test('of effective configurations is by field as well', () => {
    const load = (text: string) => {
      const result = parseAgentConfig(text, hostOf({ environment: {}, files: new Map() }));
      assert.ok(result.ok);
      const { content: _, ...config } = result.config;
      return config;
    };
    const changes = diffConfig(load(MINIMAL_AGENT), load(`${MINIMAL_AGENT}dns: {cacheTtl: 1m}\n`));
    assert.deepEqual(
      changes
        .map(({ path, before, after }) => ({ path, before, after }))
        .filter(({ path }) => path !== 'digest'),
      [{ path: 'dns.cacheTtl', before: '30000', after: '60000' }],
    );
  });

  test('is empty if and only if the digests are equal', () => {
    fc.assert(
      fc.property(validAgentFile, validAgentFile, fc.boolean(), (one, other, same) => {
        const before = checkConfig('Agent', yamlText(one.content));
        const after = checkConfig('Agent', yamlText(same ? one.content : other.content));
        assert.ok(before.ok && after.ok);
        const changes = diffConfig(before.source.content, after.source.content);
        assert.equal(changes.length === 0, before.source.digest === after.source.digest);
      }),
    );
  });
});
