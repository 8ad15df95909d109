import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get as getHttp, type IncomingMessage } from 'node:http';
import { createServer as createSecureServer, get as getHttps } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import http2wrapper from 'http2-wrapper';
import { expectIdle } from '../data-path/idle.ts';
import { TestAuthority } from '../rig/certificates.ts';
import { deadline } from '../rig/deadline.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { grantFor, startProxyPair } from './proxy-pair.ts';

const { HttpOverHttp2, HttpsOverHttp2 } = http2wrapper.proxies;

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const body = async (response: Promise<unknown[]>) =>
  text((await deadline('a response', response, 15_000))[0] as IncomingMessage);

test('the proxy agents of http2-wrapper for HTTP/1.1 over HTTP/2 connect', async () => {
  await using _leaks = expectNoLeaks();
  const authority = await TestAuthority.create('targets');
  const { chain: cert, key } = await authority.issue({ commonName: 'web' });
  const plain = createServer((_request, response) => response.end('plain'));
  const secure = createSecureServer({ cert, key }, (_request, response) => response.end('secure'));
  const targets = { plain: await listening(plain), secure: await listening(secure) };
  {
    const ingress = { httpConnect: { listen: '127.0.0.1:0' } };
    await using pair = await startProxyPair({ targets, ingress });
    const { grant } = await grantFor(pair, ['plain', 'secure']);
    const url = new URL(`https://anyone:${grant}@localhost:${pair.port('plain')}`);
    const proxyOptions = { url, rejectUnauthorized: false };
    const http1 = { host: 'plain', port: targets.plain, path: '/' };
    const agent = new HttpOverHttp2({ proxyOptions });
    assert.equal(await body(once(getHttp({ ...http1, agent }), 'response')), 'plain');
    agent.destroy();

    const secureAgent = new HttpsOverHttp2({ proxyOptions, rejectUnauthorized: false });
    const http1s = { host: 'secure', port: targets.secure, path: '/', agent: secureAgent };
    assert.equal(await body(once(getHttps(http1s), 'response')), 'secure');
    secureAgent.destroy();

    http2wrapper.globalAgent.destroy();
    await expectIdle(pair);
  }
  plain.close();
  secure.close();
});
