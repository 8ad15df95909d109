import { connect } from 'node:tls';
import { type Connector, type ConnectorKind, formatHostPort, type TargetTls } from '@penstock/config-schema';
import { resetSocket, TlsTransport } from '@penstock/transport';
import { TunnelError } from '@penstock/wire';
import type { DialedTarget } from './dial-target.ts';
import { requestTls } from './postgresql-tls.ts';
import { targetTlsOptions, tlsFailureReason } from './target-tls.ts';

/**
 * Performs a TLS handshake with a dialed target as `connectors[].tls` specifies, to carry plaintext to it. Returns the target
 * unchanged if the connector allows plaintext and TLS is disabled or unavailable. Throws TunnelError TLS_FAILED, or the
 * reason of `signal` when it aborts, and closes the target.
 */
export async function secureTarget(
  dialed: DialedTarget,
  { name, kind, address, tls }: Pick<Connector, 'name' | 'kind' | 'address' | 'tls'>,
  signal: AbortSignal,
): Promise<DialedTarget> {
  const abort = () => resetSocket(dialed.socket);
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (tls === undefined) {
      throw new TunnelError(
        'TLS_FAILED',
        `The connector ${name} has no tls in agent.yaml, so the agent cannot encrypt for the client. Add connectors[].tls.`,
      );
    }
    if (tls.mode === 'disable') return dialed;
    if (kind === 'postgresql' && !(await requestTls(dialed))) {
      if (tls.mode === 'prefer') return dialed;
      throw new TunnelError(
        'TLS_FAILED',
        `${formatHostPort(address)} does not support TLS. Enable ssl on the PostgreSQL server, or set tls.mode to prefer.`,
      );
    }
    return await handshake(dialed, tls, kind, address);
  } catch (error) {
    resetSocket(dialed.socket);
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function handshake(
  { socket, reader }: DialedTarget,
  tls: TargetTls,
  kind: ConnectorKind,
  { host, port }: Connector['address'],
): Promise<DialedTarget> {
  const transport = new TlsTransport(socket, reader);
  const options = targetTlsOptions(tls, kind, host);
  const secured = connect({ ...options, socket: transport });
  transport.carry(secured);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const closed = () =>
    reject(
      new TunnelError(
        'TLS_FAILED',
        `${formatHostPort({ host, port })} closed the connection during the TLS handshake.`,
      ),
    );
  const fail = (error: Error) =>
    reject(
      new TunnelError('TLS_FAILED', `${formatHostPort({ host, port })}: ${tlsFailureReason(error)}`, {
        cause: error,
      }),
    );
  secured.on('error', fail).once('close', closed).once('secureConnect', resolve);
  try {
    await promise;
  } catch (error) {
    transport.reset();
    throw error;
  }
  secured.off('close', closed);
  return { socket: secured, transport };
}
