import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { TestClient } from '../../../test/rig/client.ts';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { fetchReadiness, fetchStatus } from '../../src/local/client.ts';
import { startLocalServer } from '../../src/local/server.ts';
import type { AgentStatus } from '../../src/local/status.ts';

const status: AgentStatus = {
  name: 'a1',
  pool: 'dc1',
  agentId: 'agt_1',
  version: '0.1.0',
  config: { version: 1, digest: 'sha256:0' },
  pin: undefined,
  agentState: undefined,
  gateway: 'https://gateway.example.com:8443',
  ready: true,
  reasons: [],
  sessions: { wanted: 2, ready: 2 },
  streams: { open: 0, opening: 0 },
  adrift: 0,
  identityNotAfter: undefined,
  clockOffset: undefined,
  lastFailure: undefined,
  connectors: [],
};

async function start(ready = true) {
  const server = await startLocalServer(
    { host: '127.0.0.1', port: 0 },
    {
      readiness: () => (ready ? { ready, reasons: [] } : { ready, reasons: ['The agent drains.'] }),
      status: () => status,
      comparePinned: async () => ({ version: 1, digest: 'sha256:1' }),
      registry: new Registry(),
    },
  );
  const address = { host: '127.0.0.1', port: server.address.port };
  const get = (path: string, method = 'GET') =>
    fetch(`http://127.0.0.1:${address.port}${path}`, { method, headers: { connection: 'close' } });
  return { address, get, server, [Symbol.asyncDispose]: () => server.close() };
}

test('the local server reports liveness and readiness', async () => {
  await using local = await start();
  assert.equal((await local.get('/healthz')).status, 200);
  assert.equal((await local.get('/readyz')).status, 200);
  assert.equal((await local.get('/metrics')).status, 200);
  await using draining = await start(false);
  assert.equal((await draining.get('/healthz')).status, 200);
  const answer = await draining.get('/readyz');
  assert.equal(answer.status, 503);
  assert.deepEqual(await answer.json(), { ready: false, reasons: ['The agent drains.'] });
});

test('unknown paths and methods are rejected', async () => {
  await using local = await start();
  assert.equal((await local.get('/')).status, 404);
  for (const path of [
    '/healthz?',
    '/readyz?verbose',
    '/metrics?name[]=up&name[]=x',
    '/status?x=/',
    '/metrics?%zz',
  ]) {
    assert.equal((await local.get(path)).status, 200, path);
  }
  const posted = await local.get('/status', 'POST');
  assert.equal(posted.status, 405);
  assert.equal(posted.headers.get('allow'), 'GET, HEAD');
  assert.equal((await local.get('/healthz', 'HEAD')).status, 200);
});

test('status and readiness are available, and an error names the address when no agent answers', async () => {
  const local = await start();
  assert.deepEqual(await fetchStatus(local.address), JSON.parse(JSON.stringify(status)));
  assert.deepEqual(await fetchReadiness(local.address), { ready: true, reasons: [] });
  await local.server.close();
  await assert.rejects(fetchStatus(local.address), new RegExp(`127.0.0.1:${local.address.port}/status`));
});

test('another program at the address is not mistaken for the agent', async () => {
  const other = createServer((_request, response) => response.end('<html>hello</html>'));
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const bound = other.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  await assert.rejects(fetchStatus({ host: '127.0.0.1', port: bound.port }), /No agent answers/);
  other.closeAllConnections();
  other.close();
  await once(other, 'close');
});

test('closing does not wait for a silent client', async () => {
  await using _leaks = expectNoLeaks();
  const local = await start();
  await using silent = await TestClient.connect(local.address);
  silent.send('GET /healthz HTTP/1.1\r\n');
  await local.server.close();
  assert.equal((await silent.receive()).bytes, 0);
});
