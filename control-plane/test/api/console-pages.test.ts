import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fastify from 'fastify';
import { type ConsoleFile, consoleRoutes } from '../../src/api/console-pages.ts';

const file = (text: string, type: string, isImmutable: boolean): ConsoleFile => ({
  type,
  body: Buffer.from(text),
  gzip: gzipSync(text),
  etag: `"${text.length}"`,
  isImmutable,
});
const files = new Map([
  ['index.html', file('<title>Penstock</title>', 'text/html; charset=utf-8', false)],
  ['assets/main-1a2b.js', file('console', 'text/javascript; charset=utf-8', true)],
]);

async function appOf(source = async () => files, isSafe = true) {
  const app = fastify();
  consoleRoutes(app, { files: source }, () => isSafe);
  await app.ready();
  return { app, [Symbol.asyncDispose]: () => app.close() };
}

test('every page is the index, with a policy that admits only files of this gateway', async () => {
  await using rig = await appOf();
  for (const url of [
    '/console/',
    '/console/fleet',
    '/console/agents/dc1.example',
    '/console/config/dc1?a=b',
  ]) {
    const { statusCode, headers, body } = await rig.app.inject(url);
    assert.equal(statusCode, 200, url);
    assert.equal(body, '<title>Penstock</title>');
    assert.equal(headers['cache-control'], 'no-cache');
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
    assert.match(policy, /frame-ancestors 'none'; require-trusted-types-for 'script'/);
    assert.doesNotMatch(policy, /unsafe|\*|data:|blob:/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
  }
});

test('files with a hash in their name are cached forever; a file of an older build is not found', async () => {
  await using rig = await appOf();
  const found = await rig.app.inject({
    url: '/console/assets/main-1a2b.js',
    headers: { 'accept-encoding': 'br, gzip' },
  });
  assert.equal(found.headers['cache-control'], 'public, max-age=31536000, immutable');
  assert.equal(found.headers['content-encoding'], 'gzip');
  assert.equal(found.headers['vary'], 'accept-encoding');
  assert.deepEqual(found.rawPayload, files.get('assets/main-1a2b.js')?.gzip);
  const plain = await rig.app.inject({
    url: '/console/assets/main-1a2b.js',
    headers: { 'accept-encoding': 'gzip;q=0, identity' },
  });
  assert.equal(plain.headers['content-encoding'], undefined);
  assert.equal(plain.body, 'console');
  assert.equal((await rig.app.inject('/console/assets/main-0000.js')).statusCode, 404);
  assert.equal((await rig.app.inject('/console/assets/../../package.json')).statusCode, 404);
  assert.equal((await rig.app.inject('/console/..%2f..%2fpackage.json')).body, '<title>Penstock</title>');
});

test('an unchanged page is not sent again', async () => {
  await using rig = await appOf();
  const { headers } = await rig.app.inject('/console/');
  const again = await rig.app.inject({
    url: '/console/',
    headers: { 'if-none-match': String(headers['etag']) },
  });
  assert.equal(again.statusCode, 304);
  assert.equal(again.body, '');
});

test('the admin address leads to the console', async () => {
  await using rig = await appOf();
  for (const url of ['/', '/console']) {
    const { statusCode, headers } = await rig.app.inject(url);
    assert.equal(statusCode, 302);
    assert.equal(headers['location'], '/console/');
  }
});

test('a gateway without the console says so, and why', async () => {
  await using rig = await appOf(async () => {
    throw new Error('vite is not installed.');
  });
  const { statusCode, body, headers } = await rig.app.inject('/console/fleet');
  assert.equal(statusCode, 503);
  assert.match(body, /The console is not built\.\n\nvite is not installed\./);
  assert.match(String(headers['content-type']), /^text\/plain/);
  assert.equal(headers['cache-control'], 'no-store');
});

test('plain HTTP over a network shows what to set instead of the console', async () => {
  await using rig = await appOf(async () => files, false);
  const { statusCode, body, headers } = await rig.app.inject('/console/fleet');
  assert.equal(statusCode, 403);
  assert.match(body, /adminTls.*console\.url/s);
  assert.ok(headers['content-security-policy'] !== undefined);
});
