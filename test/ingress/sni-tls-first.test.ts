import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { TestAuthority } from '../rig/certificates.ts';
import { deadline } from '../rig/deadline.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { skipWithout } from '../rig/optional.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { ManagedProcess } from '../rig/process.ts';
import { pseudorandomBytes, pseudorandomHash, receive } from '../rig/pseudorandom.ts';

const hosts = { passthrough: 'passthrough.example', terminate: 'terminate.example' } as const;
const modes = ['passthrough', 'terminate'] as const;

/** A TLS server that passes its sockets to the test, with their TCP sockets. */
class TlsTarget implements AsyncDisposable {
  readonly clients: { readonly tls: TLSSocket; readonly tcp: Socket }[] = [];
  readonly #server: ReturnType<typeof createServer>;

  constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    let tcp: Socket[] = [];
    server.on('connection', (socket: Socket) => {
      tcp.push(socket.on('error', () => {}));
    });
    server.on('secureConnection', (tls) => {
      tls.on('error', () => {});
      const below = tcp.find(({ remotePort }) => remotePort === tls.remotePort);
      tcp = tcp.filter((each) => each !== below);
      if (below !== undefined) this.clients.push({ tls, tcp: below });
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Removes and returns the next client. */
  async client(): Promise<{ readonly tls: TLSSocket; readonly tcp: Socket }> {
    await eventually('a client at the target', () => this.clients.length > 0);
    return this.clients.shift() ?? assert.fail();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    await once(this.#server, 'close');
  }
}

const authority = await TestAuthority.create('CA');
const names = ['127.0.0.1', ...Object.values(hosts)];
const { chain: cert, key } = await authority.issue({ commonName: 'target', names });
const { chain: gatewayCert, key: gatewayKey } = await authority.issue({ commonName: 'gateway', names });

const stack = new AsyncDisposableStack();
let target: TlsTarget;
let pair: Pair;
before(async () => {
  const server = createServer({ cert, key, allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  target = stack.use(new TlsTarget(server));
  pair = stack.use(
    await startPair({
      targets: { passthrough: target.port, terminate: target.port },
      environment: { CERT: gatewayCert, KEY: gatewayKey, CA: authority.certificate },
      gateway: {
        ingressTls: { certificate: '${env:CERT}', key: '${env:KEY}' },
        connections: modes.map((name) => ({
          name,
          connector: name,
          pools: ['dc1'],
          ingress: [
            { sni: { listen: '127.0.0.1:0', host: hosts[name] }, mode: name, allow: ['127.0.0.0/8'] },
          ],
        })),
      },
      agent: {
        connectors: modes.map((name) => ({
          name,
          kind: 'redis',
          address: `127.0.0.1:${target.port}`,
          tls: { ca: '${env:CA}' },
        })),
      },
    }),
  );
});
after(() => stack.disposeAsync());

const address = () => ({ host: '127.0.0.1', port: pair.port('terminate') });

/** A TLS client with its TCP socket, and its target. */
async function join(mode: (typeof modes)[number]) {
  const tcp = connectTcp({ ...address(), allowHalfOpen: true }).on('error', () => {});
  const client = connect({ socket: tcp, servername: hosts[mode], ca: authority.certificate }).on(
    'error',
    () => {},
  );
  await deadline('a handshake', once(client, 'secureConnect'));
  return { client, tcp, far: await target.client() };
}

for (const mode of modes) {
  test(`bytes and FIN are forwarded in both directions, ${mode}`, async () => {
    await using _leaks = expectNoLeaks();
    const { client, far } = await join(mode);
    const bytes = 3_000_000;
    const received = receive(far.tls);
    client.end(pseudorandomBytes(bytes, 1));
    const atTarget = await deadline('everything at the target', received, 20_000);
    assert.deepEqual(atTarget, { bytes, sha256: pseudorandomHash(bytes, 1), ended: 'fin' });
    // The other direction is still open: TLS preserves half-close.
    const response = receive(client);
    far.tls.end(pseudorandomBytes(bytes, 2));
    const atClient = await deadline('everything at the client', response, 20_000);
    assert.deepEqual(atClient, { bytes, sha256: pseudorandomHash(bytes, 2), ended: 'fin' });
    await pair.event('connection-closed', {
      past: true,
      where: ({ connection, code }) => connection === mode && code === undefined,
    });
  });
}

test('a target that disconnects without close_notify resets the client', async () => {
  const { client, far } = await join('terminate');
  const outcome = receive(client);
  far.tls.write('half of an ans');
  await once(client, 'data');
  // A TCP FIN without close_notify, as from a process that was killed.
  far.tcp.end();
  assert.equal((await deadline('the end', outcome)).ended, 'reset');
  const { code } = await pair.event('connection-closed', {
    past: true,
    where: ({ code: each }) => each === 'TARGET_RESET',
  });
  assert.equal(code, 'TARGET_RESET');
});

test('a client that disconnects without close_notify resets its target', async () => {
  const { client, tcp, far } = await join('terminate');
  const outcome = receive(far.tls);
  client.write('half of a ques');
  await once(far.tls, 'data');
  tcp.end();
  assert.equal((await deadline('the end', outcome)).ended, 'reset');
  await pair.event('connection-closed', { past: true, where: ({ code }) => code === 'CLIENT_RESET' });
});

test('openssl connects in both modes', { skip: skipWithout('openssl') }, async () => {
  for (const mode of modes) {
    await using process = await ManagedProcess.start({
      command: 'openssl',
      args: ['s_client', '-connect', `127.0.0.1:${address().port}`, '-servername', hosts[mode], '-quiet'],
      env: {},
    });
    const { tls } = await target.client();
    tls.end('+PONG\r\n');
    await eventually('the response', () => process.output.includes('+PONG'));
    await process.stop();
  }
});
