import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { HostPort } from '@penstock/config-schema';
import type { TestCertificate } from '../certificates.ts';
import { LoopbackServer } from '../loopback-server.ts';
import { converse } from './conversation.ts';
import { encryption, encryptionWanted, preloginAnswer } from './login.ts';
import { MessageReader, packetsOf, packetTypes } from './packet.ts';
import { PreloginTransport } from './tls-in-prelogin.ts';

const TDS_7_4 = 0x74000004;
const TDS_8_0 = 0x08000000;
const TLS_HANDSHAKE = 0x16;

export type SqlServerFake = AsyncDisposable & {
  readonly address: HostPort;
  /** Number of queries so far that waited for a cancel. */
  readonly slept: number;
};

/**
 * A byte-level fake of SQL Server: real drivers can log in and run the few queries it supports. It implements TDS 7.4
 * (PRELOGIN, with TLS inside PRELOGIN or none) and TDS 8 (TLS first), which it distinguishes by the first byte.
 */
export async function startSqlServerFake(certificate: TestCertificate): Promise<SqlServerFake> {
  let slept = 0;
  const onSleep = () => {
    slept += 1;
  };
  const server = await LoopbackServer.start((socket) => {
    serve(socket, certificate, onSleep).catch(() => socket.destroy());
  });
  return {
    address: server.address,
    get slept() {
      return slept;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function serve(socket: Socket, certificate: TestCertificate, onSleep: () => void): Promise<void> {
  const first = await firstByte(socket);
  if (first === TLS_HANDSHAKE) {
    const secured = secure(socket, certificate, { ALPNProtocols: ['tds/8.0'] });
    await once(secured, 'secure');
    if (secured.alpnProtocol !== 'tds/8.0') throw new Error('The client does not offer tds/8.0.');
    await answerPrelogin(secured, encryption.on);
    await converse(secured, TDS_8_0, onSleep);
    return;
  }
  const wanted = await answerPrelogin(socket);
  if (wanted === encryption.notSupported || wanted === encryption.off) {
    await converse(socket, TDS_7_4, onSleep);
    return;
  }
  const secured = secure(new PreloginTransport(socket), certificate, { maxVersion: 'TLSv1.2' });
  await once(secured, 'secure');
  await converse(secured, TDS_7_4, onSleep);
}

async function firstByte(socket: Socket): Promise<number | undefined> {
  await once(socket, 'readable');
  const chunk: unknown = socket.read();
  if (!Buffer.isBuffer(chunk)) return undefined;
  socket.unshift(chunk);
  return chunk[0];
}

/** Reads and answers a PRELOGIN, and returns the client's encryption value. In TDS 8, TLS is already established. */
async function answerPrelogin(stream: Socket, settled?: number): Promise<number> {
  const message = await new MessageReader(stream).read();
  if (message?.type !== packetTypes.prelogin) throw new Error('This is not a PRELOGIN.');
  const wanted = settled ?? encryptionWanted(message.data);
  // The fake does not support TLS for the login only, so a client that offers just that gets no TLS.
  const says = wanted === encryption.off && settled === undefined ? encryption.notSupported : wanted;
  stream.write(packetsOf(packetTypes.answer, preloginAnswer(says)));
  return says;
}

function secure(
  transport: Socket | PreloginTransport,
  { chain, key }: TestCertificate,
  options: { readonly ALPNProtocols?: string[]; readonly maxVersion?: 'TLSv1.2' },
): TLSSocket {
  const { maxVersion, ...rest } = options;
  const secureContext = createSecureContext({ cert: chain, key, ...(maxVersion && { maxVersion }) });
  const secured = new TLSSocket(transport, { isServer: true, secureContext, ...rest });
  return secured.on('error', () => transport.destroy());
}
