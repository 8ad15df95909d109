import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { TestAuthority } from '../rig/certificates.ts';
import { deadline } from '../rig/deadline.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';

const hosts = { passthrough: 'passthrough.example', terminate: 'terminate.example' } as const;
const modes = ['passthrough', 'terminate'] as const;

test('an SNI client of a MySQL connector is refused without a dial, and explain gives the reason', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  const authority = await TestAuthority.create('CA');
  const { chain, key } = await authority.issue({ commonName: 'gateway', names: Object.values(hosts) });
  const { port } = target.address;
  await using pair = await startPair({
    targets: { passthrough: port, terminate: port },
    environment: { CERT: chain, KEY: key },
    gateway: {
      ingressTls: { certificate: '${env:CERT}', key: '${env:KEY}' },
      // Without `kind`, only the agent's file says what its target is.
      connections: modes.map((name) => ({
        name,
        connector: name,
        pools: ['dc1'],
        ingress: [{ sni: { listen: '127.0.0.1:0', host: hosts[name] }, mode: name, allow: ['127.0.0.0/8'] }],
      })),
    },
    agent: {
      connectors: modes.map((name) => ({ name, kind: 'mysql', address: `127.0.0.1:${port}` })),
    },
  });
  for (const mode of modes) {
    const client = connect({
      host: '127.0.0.1',
      port: pair.port(mode),
      servername: hosts[mode],
      ca: authority.certificate,
    });
    if (mode === 'passthrough') {
      const [error] = (await deadline('a refusal', once(client, 'error'))) as [Error & { code?: string }];
      assert.match(error.code ?? '', /ALERT_ACCESS_DENIED$/);
    } else {
      // The error packet of MySQL.
      assert.match(await deadline('a refusal', text(client)), /CLIENT_DENIED/);
      client.destroy();
    }
    const failed = await pair.event('connection-failed', {
      past: true,
      where: ({ connection }) => connection === mode,
    });
    assert.equal(failed['code'], 'CLIENT_DENIED');
    assert.match(String(failed['detail']), /leads to a MySQL server/);
    const { attempts } = (await pair.api(`GET /connections/${mode}/explain`)) as unknown as {
      attempts: { outcome: string; detail: string; tries: unknown[] }[];
    };
    const [attempt] = attempts;
    assert.deepEqual([attempt?.outcome, attempt?.tries], ['CLIENT_DENIED', []]);
    assert.match(attempt?.detail ?? '', /ingress of kind tcp, socks5 or httpConnect/);
  }
  assert.equal(pair.logged.filter(({ event }) => event === 'open-succeeded').length, 0);
});
