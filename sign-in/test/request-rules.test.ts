import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestAuthority } from '../../test/rig/certificates.ts';
import { requireKnownHost } from '../src/allowed-hosts.ts';
import { SignInRefusal } from '../src/refusal.ts';
import { requireSameOrigin, transportOf } from '../src/request-origin.ts';
import { readSessionCookie, sessionCookie } from '../src/session-cookie.ts';

const names = { consoleUrl: undefined, certificate: undefined, hostName: 'gw1.example.org' };
const isKnown = (host: string | undefined, own: Partial<typeof names> | object = {}) => {
  try {
    requireKnownHost(host, { ...names, ...own });
    return true;
  } catch (error) {
    assert.ok(error instanceof SignInRefusal);
    assert.equal(error.code, 'HOST_REFUSED');
    assert.match(error.message, /console\.url/);
    return false;
  }
};

test('a name of public DNS that is not the gateway’s own is refused, whatever it resolves to', () => {
  const rebound = [
    'evil.example.com',
    'evil.example.com:8080',
    '127.0.0.1.evil.example',
    'localhost.evil.com',
    'x.local.com',
  ];
  for (const host of rebound) assert.equal(isKnown(host), false, host);
  for (const host of ['', ':', 'a b', '[', 'a/b', 'a@127.0.0.1', '127.0.0.1#x', '..', 'a'.repeat(300)]) {
    assert.equal(isKnown(host), false, host);
  }
});

test('addresses, names without a dot, private names, and the gateway’s own names are accepted', () => {
  for (const host of [
    '127.0.0.1:8080',
    '[::1]:8080',
    '10.1.2.3',
    'localhost',
    'LOCALHOST.',
    'gateway:8080',
    'gw.ns.svc.cluster.local',
    'gw1.example.org:8080',
  ]) {
    assert.equal(isKnown(host), true, host);
  }
  assert.equal(isKnown(undefined), true, 'HTTP/1.0 has no Host');
  assert.equal(isKnown('gw.example.com', { consoleUrl: 'https://gw.example.com' }), true);
  assert.equal(isKnown('other.example.com', { consoleUrl: 'https://gw.example.com' }), false);
});

test('names in the certificate of the admin address are accepted', async () => {
  const authority = await TestAuthority.create('test');
  const { certificate } = await authority.issue({ commonName: 'admin', names: ['admin.example.com'] });
  assert.equal(isKnown('admin.example.com:8443', { certificate }), true);
  assert.equal(isKnown('evil.example.com:8443', { certificate }), false);
  assert.equal(isKnown('admin.example.com', { certificate: 'not a certificate' }), false);
});

test('plain HTTP is for loopback; elsewhere TLS of the gateway or of the proxy at console.url is needed', () => {
  const plain = { hasTls: false, consoleUrl: undefined };
  for (const host of ['127.0.0.1:1', 'localhost:2', '[::1]:3', '127.9.9.9']) {
    assert.deepEqual(transportOf(host, plain), { isSecure: false }, host);
  }
  for (const host of ['10.0.0.1', 'gateway', 'gw.example.com', '127.0.0.1.example.com', undefined]) {
    assert.equal(transportOf(host, plain), undefined, String(host));
    assert.deepEqual(transportOf(host, { ...plain, hasTls: true }), { isSecure: true });
  }
  const proxied = { hasTls: false, consoleUrl: 'https://gw.example.com:444' };
  assert.deepEqual(transportOf('gw.example.com:444', proxied), { isSecure: true });
  assert.equal(transportOf('gw.example.com', proxied), undefined);
  assert.equal(transportOf('127.0.0.1', proxied)?.isSecure, false);
});

test('a change needs Sec-Fetch-Site same-origin, or an equal Origin from a browser that does not send it', () => {
  const isSame = (headers: Parameters<typeof requireSameOrigin>[0], isSecure = false) => {
    try {
      requireSameOrigin(headers, isSecure);
      return true;
    } catch (error) {
      assert.ok(error instanceof SignInRefusal && error.code === 'ORIGIN_REFUSED');
      return false;
    }
  };
  const host = 'localhost:8080';
  assert.equal(isSame({ host, 'sec-fetch-site': 'same-origin' }), true);
  assert.equal(isSame({ host, origin: 'http://localhost:8080' }), true);
  assert.equal(isSame({ host: 'gw.example.com', origin: 'https://gw.example.com' }, true), true);
  for (const site of ['cross-site', 'same-site', 'none', '']) {
    assert.equal(isSame({ host, 'sec-fetch-site': site, origin: 'http://localhost:8080' }), false, site);
  }
  for (const origin of [
    undefined,
    'null',
    'http://localhost:8081',
    'http://localhost',
    'https://localhost:8080',
    'http://evil',
  ]) {
    assert.equal(isSame({ host, ...(origin !== undefined && { origin }) }), false, String(origin));
  }
  assert.equal(isSame({ host: 'gw.example.com', origin: 'http://gw.example.com' }, true), false);
  assert.equal(isSame({}), false);
});

test('the cookie is bound to its host and port, and to TLS where there is TLS', () => {
  const plain = sessionCookie('a'.repeat(43), { host: '127.0.0.1:8080', isSecure: false });
  assert.equal(
    plain,
    `penstock-session-8080=${'a'.repeat(43)}; Max-Age=43200; Path=/; HttpOnly; SameSite=Strict`,
  );
  const secure = sessionCookie('a', { host: 'gw.example.com', isSecure: true });
  assert.equal(
    secure,
    '__Host-penstock-session-443=a; Max-Age=43200; Path=/; HttpOnly; SameSite=Strict; Secure',
  );
  assert.match(
    sessionCookie(undefined, { host: 'gw', isSecure: true }),
    /^__Host-penstock-session-443=; Max-Age=0/,
  );

  const header =
    'x=1; penstock-session-8080=one; penstock-session-8081=two; __Host-penstock-session-8080=three';
  assert.equal(readSessionCookie(header, { host: 'localhost:8080', isSecure: false }), 'one');
  assert.equal(readSessionCookie(header, { host: 'localhost:8081', isSecure: false }), 'two');
  assert.equal(readSessionCookie(header, { host: 'localhost:8080', isSecure: true }), 'three');
  assert.equal(readSessionCookie(header, { host: 'localhost:9', isSecure: false }), undefined);
  assert.equal(readSessionCookie(undefined, { host: 'localhost', isSecure: false }), undefined);
});
