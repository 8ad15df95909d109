import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { everyDriver } from '@penstock/operator';
import { expectIdle } from '../data-path/idle.ts';
import { TestAuthority } from '../rig/certificates.ts';
import { skipWithout } from '../rig/optional.ts';
import type { Pair } from '../rig/pair.ts';
import { ManagedProcess } from '../rig/process.ts';
import { pseudorandomHash, pseudorandomStream } from '../rig/pseudorandom.ts';
import { listenOnLoopback, ServerSockets } from '../rig/server-sockets.ts';
import {
  driverNamed,
  grantLabel,
  printedFor,
  serverNames,
  startPairWithWays,
  type WayName,
  wayInto,
} from './ways-in.ts';

const WAYS: readonly WayName[] = [
  'sni passthrough',
  'sni terminate',
  'socks5 with a grant',
  'socks5 without a grant',
  'httpConnect with a grant',
  'httpConnect in clear text',
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
  pair = stack.use(await startPairWithWays({ api: { port, kind: 'http', ways: WAYS } }, authority));
  authorityFile = join(pair.directory, 'services.pem');
  await writeFile(authorityFile, authority.certificate);
});
after(() => stack.disposeAsync());

/** Runs the printed command with further arguments. */
async function curl(name: WayName, file: string, more: readonly string[]): Promise<void> {
  const way = await wayInto(pair, 'api', name);
  const { connect } = printedFor(CURL, way, {
    connection: 'api',
    user: '',
    database: '',
    grant: await grantLabel(pair, 'api'),
  });
  const [command = '', ...words] = connect.split(' ');
  // The server names are nobody's in DNS.
  const resolved = way.kind === 'sni' ? ['--resolve', `${way.host}:${way.port}:127.0.0.1`] : [];
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

for (const way of WAYS) {
  test(`curl by ${way}: megabytes come and go, and the name is verified`, {
    skip: skipWithout('curl'),
  }, async () => {
    const file = join(pair.directory, 'came');
    await curl(way, file, []);
    const came = await readFile(file);
    assert.equal(createHash('sha256').update(came).digest('hex'), pseudorandomHash(BYTES, SEED));
    const answer = join(pair.directory, 'answer');
    await curl(way, answer, ['--data-binary', `@${file}`]);
    assert.equal(await readFile(answer, 'utf8'), pseudorandomHash(BYTES, SEED));
    await expectIdle(pair);
  });
}
