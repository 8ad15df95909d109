import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { everyDriver } from '@penstock/connection-strings';
import { expectIdle } from '../data-path/idle.ts';
import { TestAuthority } from '../rig/certificates.ts';
import { skipWithout } from '../rig/optional.ts';
import type { Pair } from '../rig/pair.ts';
import { ManagedProcess } from '../rig/process.ts';
import { pseudorandomHash, pseudorandomStream } from '../rig/pseudorandom.ts';
import { listenOnLoopback, ServerSockets } from '../rig/server-sockets.ts';
import {
  driverNamed,
  endpointOf,
  grantLabel,
  type IngressVariant,
  printedFor,
  serverNames,
  startPairWithIngress,
} from './tested-ingress.ts';

const VARIANTS: readonly IngressVariant[] = [
  'sni passthrough',
  'sni terminate',
  'socks5 with a grant',
  'socks5 without a grant',
  'httpConnect with a grant',
  'httpConnect in plaintext',
];
const CURL = driverNamed(everyDriver, 'curl');
const BYTES = 5_000_000;
const SEED = 11;

const stack = new AsyncDisposableStack();
let pair: Pair;
let authorityFile: string;

before(async () => {
  const authority = await TestAuthority.create('services');
  const names = ['127.0.0.1', 'api.penstock', ...serverNames('api')];
  const { chain, key } = await authority.issue({ commonName: 'api', names });
  const server = createServer({ cert: chain, key }, (request, response) => {
    if (request.method === 'GET') {
      pseudorandomStream(BYTES, SEED).pipe(response);
      return;
    }
    const hash = createHash('sha256');
    request.on('data', (piece: Buffer) => hash.update(piece));
    request.on('end', () => response.end(hash.digest('hex')));
  });
  const sockets = new ServerSockets();
  server.on('connection', (socket) => sockets.adopt(socket));
  const { port } = await listenOnLoopback(server);
  stack.defer(() => sockets.endWith(server));
  pair = stack.use(
    await startPairWithIngress({ api: { port, kind: 'http', variants: VARIANTS } }, authority),
  );
  authorityFile = join(pair.directory, 'services.pem');
  await writeFile(authorityFile, authority.certificate);
});
after(() => stack.disposeAsync());

/** Runs the printed command with additional arguments. */
async function curl(name: IngressVariant, file: string, more: readonly string[]): Promise<void> {
  const endpoint = await endpointOf(pair, 'api', name);
  const { connect } = printedFor(CURL, endpoint, {
    connection: 'api',
    user: '',
    database: '',
    grant: await grantLabel(pair, 'api'),
  });
  const [command = '', ...words] = connect.split(' ');
  // The server names are not in DNS.
  const resolved =
    endpoint.kind === 'sni' ? ['--resolve', `${endpoint.host}:${endpoint.port}:127.0.0.1`] : [];
  await using program = await ManagedProcess.start({
    command,
    args: [
      ...[
        '--silent',
        '--show-error',
        '--fail',
        '--cacert',
        authorityFile,
        '--proxy-cacert',
        authorityFile,
        '--output',
        file,
      ],
      ...resolved,
      ...more,
      ...words,
    ],
  });
  assert.deepEqual(await program.exit(60_000), { code: 0, signal: null }, program.output);
}

for (const variant of VARIANTS) {
  test(`curl through ${variant}: transfers megabytes in both directions and verifies the name`, {
    skip: skipWithout('curl'),
  }, async () => {
    const file = join(pair.directory, 'download');
    await curl(variant, file, []);
    const downloaded = await readFile(file);
    assert.equal(createHash('sha256').update(downloaded).digest('hex'), pseudorandomHash(BYTES, SEED));
    const answer = join(pair.directory, 'answer');
    await curl(variant, answer, ['--data-binary', `@${file}`]);
    assert.equal(await readFile(answer, 'utf8'), pseudorandomHash(BYTES, SEED));
    await expectIdle(pair);
  });
}
