import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Ingress } from '../src/ingress.ts';
import { parseGatewayConfig } from '../src/parse.ts';
import { hostOf } from './rig/host-of.ts';
import { MINIMAL_GATEWAY } from './rig/minimal-file.ts';

const nothing = hostOf({ environment: {}, files: new Map() });
const ALLOW = 'allow: [10.0.0.0/8]';

function parsed(ingress: readonly string[], more = '') {
  const connections = ingress.map(
    (fields, index) =>
      `  - {name: c${index}, connector: x, pools: [dc1]${more}, ingress: [{${fields}, ${ALLOW}}]}\n`,
  );
  return parseGatewayConfig(MINIMAL_GATEWAY + connections.join(''), nothing);
}

function problems(ingress: readonly string[], more = ''): string[] {
  const result = parsed(ingress, more);
  return result.ok ? [] : result.problems.map(({ code, path }) => `${code} ${path}`);
}

function ingressOf(ingress: readonly string[]): readonly (Ingress | undefined)[] {
  const result = parsed(ingress);
  assert.ok(result.ok, JSON.stringify(result));
  return result.config.connections.slice(1).map(({ ingress: [first] }) => first);
}

test('each kind has its own defaults', () => {
  const common = { allow: ['10.0.0.0/8'], proxyProtocol: undefined };
  const at = (port: number) => ({ listen: { host: '0.0.0.0', port }, ...common });
  assert.deepEqual(
    ingressOf([
      'tcp: 0.0.0.0:1',
      'sni: {listen: 0.0.0.0:2, host: Orders.Example.com}',
      'socks5: {listen: 0.0.0.0:3}',
      'httpConnect: {listen: 0.0.0.0:4}',
    ]),
    [
      { kind: 'tcp', ...at(1) },
      { kind: 'sni', ...at(2), host: 'orders.example.com', mode: 'passthrough' },
      { kind: 'socks5', ...at(3), grant: 'required' },
      { kind: 'httpConnect', ...at(4), grant: 'required', tls: 'on' },
    ],
  );
});

describe('an ingress has exactly one kind:', () => {
  test('a missing one is reported with the choices', () => {
    const result = parsed(['mode: terminate']);
    assert.ok(!result.ok);
    assert.deepEqual(
      result.problems.map(({ code, path }) => `${code} ${path}`),
      ['MISSING_KEY connections[c0].ingress[#1]'],
    );
    assert.match(
      result.problems[0]?.suggestion ?? '',
      /exactly one of `tcp`, `sni`, `socks5`, `httpConnect`/,
    );
  });

  test('a second one is reported at its position', () => {
    assert.deepEqual(problems(['tcp: 0.0.0.0:1, socks5: {listen: 0.0.0.0:3}']), [
      'INCONSISTENT connections[c0].ingress[#1].socks5',
    ]);
  });

  test('a misspelled one is reported once', () => {
    assert.deepEqual(problems(['sock5: {listen: 0.0.0.0:3}']), [
      'UNKNOWN_KEY connections[c0].ingress[#1].sock5',
    ]);
  });
});

test('fields of another kind are rejected', () => {
  assert.deepEqual(problems(['tcp: 0.0.0.0:1, mode: terminate, tls: on, grant: required']), [
    'INCONSISTENT connections[c0].ingress[#1].mode',
    'INCONSISTENT connections[c0].ingress[#1].tls',
    'INCONSISTENT connections[c0].ingress[#1].grant',
  ]);
  assert.deepEqual(problems(['sni: {listen: 0.0.0.0:1, host: a.b}, grant: required']), [
    'INCONSISTENT connections[c0].ingress[#1].grant',
  ]);
  assert.deepEqual(problems(['tcp: 0.0.0.0:1, grant: none', 'socks5: {listen: 0.0.0.0:2}, grant: none']), []);
});

test('MySQL with SNI is rejected if the connection has the kind mysql', () => {
  const sni = ['sni: {listen: 0.0.0.0:1, host: a.b}'];
  assert.deepEqual(problems(sni, ', kind: mysql'), ['INCONSISTENT connections[c0].ingress[#1].sni']);
  assert.deepEqual(problems(sni, ', kind: postgresql'), []);
});

describe('a shared port', () => {
  test('accepts connections of only one kind', () => {
    assert.deepEqual(problems(['socks5: {listen: 0.0.0.0:1}', 'socks5: {listen: 0.0.0.0:1}']), []);
    assert.deepEqual(problems(['socks5: {listen: 0.0.0.0:1}', 'httpConnect: {listen: 0.0.0.0:1}']), [
      'ADDRESS_CONFLICT connections[c1].ingress[#1].httpConnect.listen',
    ]);
    assert.deepEqual(problems(['socks5: {listen: 0.0.0.0:1}', 'socks5: {listen: 127.0.0.1:1}']), [
      'ADDRESS_CONFLICT connections[c1].ingress[#1].socks5.listen',
    ]);
  });

  test('requires different SNI hosts, ignoring case', () => {
    const sni = (host: string, port: number) => `sni: {listen: 0.0.0.0:${port}, host: ${host}}`;
    assert.deepEqual(problems([sni('a.b', 1), sni('c.b', 1), sni('a.b', 2)]), []);
    assert.deepEqual(problems([sni('a.b', 1), sni('A.B', 1)]), [
      'DUPLICATE_NAME connections[c1].ingress[#1].sni.host',
    ]);
  });

  test('requires the same TLS and PROXY protocol settings, and the problem names both places', () => {
    const proxy = (more: string) => `httpConnect: {listen: 0.0.0.0:1}${more}`;
    const result = parsed([proxy(''), proxy(', tls: off')]);
    assert.ok(!result.ok);
    assert.deepEqual(
      result.problems.map(({ code, path }) => `${code} ${path}`),
      ['INCONSISTENT connections[c1].ingress[#1].tls'],
    );
    assert.match(result.problems[0]?.message ?? '', /connections\[c0\]\.ingress\[#1\]/);
    const from = (range: string) => `, proxyProtocol: {from: [${range}]}`;
    assert.deepEqual(problems([proxy(from('10.0.0.1/32')), proxy(from('10.0.0.2/32'))]), [
      'INCONSISTENT connections[c1].ingress[#1].proxyProtocol',
    ]);
    assert.deepEqual(problems([proxy(from('10.0.0.1/32')), proxy('')]), [
      'INCONSISTENT connections[c1].ingress[#1]',
    ]);
    assert.deepEqual(problems([proxy(', tls: on'), proxy('')]), []);
  });
});
