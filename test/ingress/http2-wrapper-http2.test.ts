import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createSecureServer, createServer, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import http2wrapper from 'http2-wrapper';
import { expectIdle } from '../data-path/idle.ts';
import { TestAuthority } from '../rig/certificates.ts';
import { deadline } from '../rig/deadline.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { grantFor, startProxyPair } from './proxy-pair.ts';

const { Http2OverHttp, Http2OverHttps, Http2OverHttp2 } = http2wrapper.proxies;

/** Every agent that uses HTTP/2 with the target, and what it uses with the proxy. The library has no HttpsOverHttp. */
const agents = [
  { name: 'Http2OverHttp2', Agent: Http2OverHttp2, scheme: 'https', tls: 'on' },
  { name: 'Http2OverHttps', Agent: Http2OverHttps, scheme: 'https', tls: 'on' },
  { name: 'Http2OverHttp', Agent: Http2OverHttp, scheme: 'http', tls: 'off' },
] as const;

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function get(url: string, agent: InstanceType<typeof Http2OverHttp>): Promise<string> {
  const request = http2wrapper.get(url, { agent, rejectUnauthorized: false });
  const [response] = await deadline('a response', once(request, 'response'), 15_000);
  return text(response as IncomingMessage);
}

test('the proxy agents of http2-wrapper for HTTP/2 connect', async (context) => {
  await using _leaks = expectNoLeaks();
  const authority = await TestAuthority.create('targets');
  const named = await authority.issue({ commonName: 'named', names: ['named'] });
  const unnamed = await authority.issue({ commonName: 'unnamed' });
  const respond = (_request: unknown, response: Http2ServerResponse) => response.end('over HTTP/2');
  const servers = {
    named: createSecureServer({ cert: named.chain, key: named.key }, respond),
    unnamed: createSecureServer({ cert: unnamed.chain, key: unnamed.key }, respond),
    plaintext: createServer(respond),
  };
  const targets = {
    named: await listening(servers.named),
    unnamed: await listening(servers.unnamed),
    plaintext: await listening(servers.plaintext),
  };
  for (const { name, Agent, scheme, tls } of agents) {
    const ingress = { httpConnect: { listen: '127.0.0.1:0' }, tls };
    await using pair = await startProxyPair({ targets, ingress });
    const { grant } = await grantFor(pair, Object.keys(targets));
    const url = new URL(`${scheme}://anyone:${grant}@localhost:${pair.port('named')}`);
    const getFrom = async (target: keyof typeof targets, more: { raw?: boolean } = {}) => {
      const proxyOptions = { url, rejectUnauthorized: false, ...more };
      const agent = new Agent({ proxyOptions });
      try {
        return await get(`https://${target}:${targets[target]}/`, agent);
      } finally {
        agent.destroy();
      }
    };
    await context.test(name, async () => {
      assert.equal(await getFrom('named'), 'over HTTP/2');
    });
    // The library removes origins that the target's certificate does not name from a session's origin set (getOriginSet
    // in its agent.js), whatever rejectUnauthorized is, and then does not find the requested origin. It does the same
    // without a proxy, so no proxy can change it.
    await context.test(`${name} refuses a target whose certificate has another name`, async () => {
      await assert.rejects(getFrom('unnamed'), /does not match server undefined/);
      const direct = http2wrapper.get(`https://localhost:${targets.named}/`, { rejectUnauthorized: false });
      const [error] = await deadline('a refusal', once(direct, 'error'), 15_000);
      assert.match(String(error), /does not match server undefined/);
    });
    // With raw: false it sends plaintext HTTP/2 through the tunnel for an https URL (createConnection in its
    // proxies/h2-over-hx.js returns before TLS), which only a target without TLS accepts.
    await context.test(`${name} with raw: false uses no TLS with the target`, async () => {
      assert.equal(await getFrom('plaintext', { raw: false }), 'over HTTP/2');
      await assert.rejects(getFrom('named', { raw: false }), /without receiving a SETTINGS frame/);
    });
    http2wrapper.globalAgent.destroy();
    await expectIdle(pair);
  }
  for (const server of Object.values(servers)) server.close();
});
