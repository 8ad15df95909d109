import { connect, createServer, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { answerWith } from '../process/ask.ts';
import { CERTIFICATE_NAME, TLS_CIPHER } from './cipher.ts';
import { listen } from './listen.ts';
import type { Address } from './route.ts';

/** One end of the plain pair: TCP to TLS, or TLS to TCP, joined with `pipe`. Does not preserve resets. */
export type NodeTlsHandlers = {
  tcpToTls: (argument: { host: string; to: Address; certificate: string }) => Promise<Address>;
  tlsToTcp: (argument: { host: string; to: Address; certificate: string; key: string }) => Promise<Address>;
};

const socketOptions = { allowHalfOpen: true, noDelay: true };
const tlsOptions = { minVersion: 'TLSv1.3', ciphers: TLS_CIPHER } as const;

function join(one: Socket, other: Socket): void {
  for (const [from, to] of [[one, other] as const, [other, one] as const]) {
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
    from.pipe(to);
  }
}

answerWith({
  tcpToTls: ({ host, to, certificate }) => {
    const server = createServer(socketOptions, (client) => {
      join(
        client,
        connectTls({ ...to, ...socketOptions, ...tlsOptions, ca: certificate, servername: CERTIFICATE_NAME }),
      );
    });
    return listen(server, host);
  },
  tlsToTcp: ({ host, to, certificate, key }) => {
    const options = { ...socketOptions, ...tlsOptions, cert: certificate, key };
    const server = createTlsServer(options, (peer) => join(peer, connect({ ...to, ...socketOptions })));
    return listen(server, host);
  },
} satisfies NodeTlsHandlers);
// The preloaded collector unrefs the channel; nothing else keeps this process alive until the parent's first request.
process.channel?.ref();
