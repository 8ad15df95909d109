import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '@penstock/config-schema';
import { GatewayError } from '../../src/tunnel/gateway-error.ts';
import { type Environment, proxyFor } from '../../src/tunnel/proxy.ts';

const gateway = { host: 'gateway.example.com', port: 8443 };
const throughEnv = (environment: Environment, target = gateway) => proxyFor('env', target, environment)?.href;

test('proxy none ignores the environment', () => {
  assert.equal(proxyFor('none', gateway, { HTTPS_PROXY: 'http://proxy:3128' }), undefined);
});

test('the environment names the proxy, lower case first', () => {
  assert.equal(throughEnv({}), undefined);
  assert.equal(throughEnv({ HTTPS_PROXY: '' }), undefined);
  assert.equal(throughEnv({ HTTPS_PROXY: 'http://upper:3128' }), 'http://upper:3128/');
  assert.equal(
    throughEnv({ HTTPS_PROXY: 'http://upper:3128', https_proxy: 'http://lower:3128' }),
    'http://lower:3128/',
  );
  assert.equal(throughEnv({ HTTPS_PROXY: 'proxy.internal:3128' }), 'http://proxy.internal:3128/');
});

test('HTTP_PROXY and ALL_PROXY are ignored', () => {
  assert.equal(throughEnv({ HTTP_PROXY: 'http://proxy:3128', ALL_PROXY: 'http://proxy:3128' }), undefined);
});

test('a proxy in the configuration overrides the environment, including NO_PROXY', () => {
  const proxy = proxyFor(new Secret('http://user:p%40ss@file:3128'), gateway, {
    HTTPS_PROXY: 'http://env:3128',
    NO_PROXY: '*',
  });
  assert.equal(proxy?.href, 'http://user:p%40ss@file:3128/');
});

const exceptions: readonly (readonly [list: string, host: string, direct: boolean])[] = [
  ['*', 'gateway.example.com', true],
  ['gateway.example.com', 'gateway.example.com', true],
  ['GATEWAY.example.com', 'gateway.EXAMPLE.com', true],
  ['example.com', 'gateway.example.com', true],
  ['.example.com', 'gateway.example.com', true],
  ['*.example.com', 'gateway.example.com', true],
  ['ample.com', 'gateway.example.com', false],
  ['.', 'gateway.example.com', false],
  ['other.com, example.com', 'gateway.example.com', true],
  ['other.com example.com', 'gateway.example.com', true],
  ['example.com:8443', 'gateway.example.com', true],
  ['example.com:443', 'gateway.example.com', false],
  ['10.1.2.3', '10.1.2.3', true],
  ['10.1.2.3:8443', '10.1.2.3', true],
  ['10.1.2.3:443', '10.1.2.3', false],
  ['2.3', '10.1.2.3', false],
  ['10.0.0.0/8', '10.1.2.3', true],
  ['10.0.0.0/8', '11.1.2.3', false],
  ['10.0.0.0/33', '10.1.2.3', false],
  ['10.0.0.0/x', '10.1.2.3', false],
  ['10.0.0.0/8', 'gateway.example.com', false],
  ['2001:db8::1', '2001:db8:0:0:0:0:0:1', true],
  ['[2001:db8::1]:8443', '2001:db8::1', true],
  ['[2001:db8::1]:443', '2001:db8::1', false],
  ['2001:db8::/32', '2001:db8::1', true],
  ['2001:db9::/32', '2001:db8::1', false],
  ['', 'gateway.example.com', false],
];

for (const [list, host, direct] of exceptions) {
  test(`NO_PROXY="${list}" ${direct ? 'exempts' : 'does not exempt'} ${host}`, () => {
    const environment = { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: list };
    assert.equal(proxyFor('env', { host, port: 8443 }, environment) === undefined, direct);
  });
}

test('no_proxy overrides NO_PROXY', () => {
  const environment = { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: '*', no_proxy: 'other.com' };
  assert.equal(throughEnv(environment), 'http://proxy:3128/');
});

for (const value of ['socks5://proxy:1080', 'http://', 'http://user:100%@proxy:3128', 'ht tp://x']) {
  test('an unusable proxy is an error without the password, never a direct connection', () => {
    const isReported = (error: unknown) =>
      error instanceof GatewayError &&
      error.code === 'PROXY_INVALID' &&
      error.isPermanent &&
      error.message.includes('HTTPS_PROXY') &&
      !error.message.includes('100%');
    assert.throws(() => throughEnv({ HTTPS_PROXY: value }), isReported);
  });
}
