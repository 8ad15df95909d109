import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { TlsTransport } from '@penstock/transport';
import { errorText, TunnelError } from '@penstock/wire';
import { Refusal } from '../refusal.ts';
import { alertRecord } from './alert.ts';
import { clientCertificateProblem, type IngressTls } from './ingress-tls.ts';

/** What a client may ask to speak inside TLS (RFC 7301). Not HTTP/2: the agent's own TLS would have to agree on it. */
const protocols = ['postgresql', 'tds/8.0', 'http/1.1'];

/** A client whose TLS ends here. */
export type TerminatedClient = { readonly tls: TLSSocket; readonly transport: TlsTransport };

/**
 * Answers the ClientHello of a client with the gateway's certificate. `bytes` is what was read of it, `offered` its
 * ALPN. Throws TunnelError when the handshake fails, and the reason that `signal` is aborted with; the client is then gone.
 */
export function terminate(
  socket: Socket,
  { bytes, offered }: { readonly bytes: Buffer; readonly offered: readonly string[] },
  ingressTls: IngressTls,
  signal: AbortSignal,
): Promise<TerminatedClient> {
  const protocol = protocols.filter((each) => offered.includes(each)).slice(0, 1);
  return terminateAs(socket, bytes, protocol, ingressTls, signal);
}

/** The same for a client of which nothing but `bytes` is known; `protocols` are what ALPN may choose from. */
export async function terminateAs(
  socket: Socket,
  bytes: Buffer,
  protocols: readonly string[],
  ingressTls: IngressTls,
  signal: AbortSignal,
): Promise<TerminatedClient> {
  const transport = new TlsTransport(socket, undefined, bytes);
  const { requiresClientCertificate } = ingressTls;
  const tls = new TLSSocket(transport, {
    isServer: true,
    secureContext: ingressTls.context,
    requestCert: requiresClientCertificate,
    rejectUnauthorized: requiresClientCertificate,
    ...(protocols.length > 0 && { ALPNProtocols: [...protocols] }),
  });
  transport.carry(tls);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = () => reject(signal.reason);
  const fail = (error: Error) =>
    reject(new TunnelError('PROTOCOL_ERROR', `TLS with the client failed: ${errorText(error)}.`));
  const gone = () => reject(new TunnelError('CLIENT_GONE', 'The client left within the TLS handshake.'));
  tls.on('error', fail).once('close', gone).once('secure', resolve);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await promise;
    const problem = requiresClientCertificate ? clientCertificateProblem(tls) : undefined;
    if (problem !== undefined) {
      throw new TunnelError('CLIENT_DENIED', `The client's certificate is not accepted: ${problem}.`);
    }
  } catch (error) {
    transport.reset();
    throw error;
  } finally {
    tls.off('close', gone);
    signal.removeEventListener('abort', abort);
  }
  return { tls, transport };
}

export function noSuchHost(host: string | undefined): Refusal {
  const what =
    host === undefined
      ? 'The client named no host in TLS (SNI), and no connection of this port can do without.'
      : `The client asked for ${host}, and no connection of this port has that host.`;
  return new Refusal('CLIENT_DENIED', what, alertRecord('unrecognizedName'));
}
