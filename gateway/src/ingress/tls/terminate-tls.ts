import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { alpnProtocols, type SocketReader, TlsTransport } from '@penstock/transport';
import { errorText, TunnelError } from '@penstock/wire';
import { clientCertificateProblem, clientSubject } from './client-certificate.ts';
import type { IngressTls } from './ingress-tls.ts';

/** A client whose TLS the gateway has terminated. */
export type TerminatedClient = {
  readonly tls: TLSSocket;
  readonly transport: TlsTransport;
  /** Subject of the client's certificate; undefined if none is required. */
  readonly subject: string | undefined;
};

export type TerminateOptions = {
  /** Bytes already read from the socket. */
  readonly received: Buffer;
  /** ALPN protocols to choose from. */
  readonly protocols: readonly string[];
  /** Present if the socket was constructed with it. */
  readonly reader?: SocketReader | undefined;
  /** `none`: no certificate is asked for, whatever the configuration requires. The client must not be served. */
  readonly clientCertificate?: 'none';
};

/**
 * Performs the server's side of a TLS handshake. Throws TunnelError if the handshake fails, and the signal's reason if that is
 * aborted; in both cases the client has been reset.
 */
export async function terminateTls(
  socket: Socket,
  { received, protocols, reader, clientCertificate }: TerminateOptions,
  { context, requiresClientCertificate: isRequired }: IngressTls,
  signal: AbortSignal,
): Promise<TerminatedClient> {
  const requiresClientCertificate = isRequired && clientCertificate !== 'none';
  const transport = new TlsTransport(socket, reader, received);
  const tls = new TLSSocket(transport, {
    isServer: true,
    secureContext: context,
    requestCert: requiresClientCertificate,
    rejectUnauthorized: requiresClientCertificate,
    ...(protocols.length > 0 && { ALPNProtocols: alpnProtocols(protocols) }),
  });
  transport.carry(tls);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => reject(signal.reason);
  const onError = (error: Error) =>
    reject(
      new TunnelError('PROTOCOL_ERROR', `The TLS handshake with the client failed: ${errorText(error)}.`),
    );
  const onClose = () =>
    reject(new TunnelError('CLIENT_GONE', 'The client disconnected during the TLS handshake.'));
  tls.on('error', onError).once('close', onClose).once('secure', resolve);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await promise;
    const problem = requiresClientCertificate ? clientCertificateProblem(tls) : undefined;
    if (problem !== undefined) {
      const detail = `The client's certificate is not accepted: ${problem}.`;
      throw Object.assign(new TunnelError('CLIENT_DENIED', detail), { reason: 'certificate' as const });
    }
  } catch (error) {
    transport.reset();
    throw error;
  } finally {
    tls.off('close', onClose);
    signal.removeEventListener('abort', onAbort);
  }
  return { tls, transport, subject: requiresClientCertificate ? clientSubject(tls) : undefined };
}
