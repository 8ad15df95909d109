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

/** Every agent that speaks HTTP/2 to the target, and how it speaks to the proxy. The library has no HttpsOverHttp. */
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
  const [response] = await deadline('an answer', once(request, 'response'), 15_000);
  return text(response as IncomingMessage);
}

test('the proxy agents of http2-wrapper for HTTP/2 come through', async (context) => {
  await using _leaks = expectNoLeaks();
  const authority = await TestAuthority.create('targets');
  const named = await authority.issue({ commonName: 'named', names: ['named'] });
  const unnamed = await authority.issue({ commonName: 'unnamed' });
  const answer = (_request: unknown, response: Http2ServerResponse) => response.end('over HTTP/2');
  const servers = {
    named: createSecureServer({ cert: named.chain, key: named.key }, answer),
    unnamed: createSecureServer({ cert: unnamed.chain, key: unnamed.key }, answer),
    clear: createServer(answer),
  };
  const targets = {
    named: await listening(servers.named),
    unnamed: await listening(servers.unnamed),
    clear: await listening(servers.clear),
  };
  for (const { name, Agent, scheme, tls } of agents) {
    const ingress = { httpConnect: { listen: '127.0.0.1:0' }, tls };
    await using pair = await startProxyPair({ targets, ingress });
    const { grant } = await grantFor(pair, Object.keys(targets));
    const url = new URL(`${scheme}://anyone:${grant}@localhost:${pair.port('named')}`);
    const ask = async (target: keyof typeof targets, more: { raw?: boolean } = {}) => {
      const proxyOptions = { url, rejectUnauthorized: false, ...more };
      const agent = new Agent({ proxyOptions });
      try {
        return await get(`https://${target}:${targets[target]}/`, agent);
      } finally {
        agent.destroy();
      }
    };
    await context.test(name, async () => {
      assert.equal(await ask('named'), 'over HTTP/2');
    });
    // The library leaves out of a session's origin set what the target's certificate does not name (getOriginSet of its
    // agent.js), whatever rejectUnauthorized says, and then misses the origin that it asked for. So it does without a
    // proxy: no proxy can change it.
    await context.test(`${name} refuses a target whose certificate has another name`, async () => {
      await assert.rejects(ask('unnamed'), /does not match server undefined/);
      const direct = http2wrapper.get(`https://localhost:${targets.named}/`, { rejectUnauthorized: false });
      const [error] = await deadline('a refusal', once(direct, 'error'), 15_000);
      assert.match(String(error), /does not match server undefined/);
    });
    // With raw: false it sends HTTP/2 in clear text into the tunnel for an https URL (createConnection of its
    // proxies/h2-over-hx.js comes back before TLS), which only a target without TLS understands.
    await context.test(`${name} with raw: false speaks no TLS to the target`, async () => {
      assert.equal(await ask('clear', { raw: false }), 'over HTTP/2');
      await assert.rejects(ask('named', { raw: false }), /without receiving a SETTINGS frame/);
    });
    http2wrapper.globalAgent.destroy();
    await expectIdle(pair);
  }
  for (const server of Object.values(servers)) server.close();
});
