import { connect } from 'node:tls';
import type { Connector, ConnectorKind, TargetTls } from '@penstock/config-schema';
import { resetSocket, TlsTransport } from '@penstock/transport';
import { TunnelError } from '@penstock/wire';
import type { DialedTarget } from './dial-target.ts';
import { askForTls } from './postgresql-tls.ts';
import { targetTlsOptions, targetTlsSentence } from './target-tls.ts';

/**
 * Speaks TLS with a target that has just been dialed, as its connector says, so that clear text can be carried to it.
 * Comes back with what it was given where the connector says so. Throws TunnelError TLS_FAILED, or the reason that
 * `signal` is aborted with; the target is then gone.
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
        `${name} has no tls in agent.yaml: this agent does not know how to speak with the target itself.`,
      );
    }
    if (tls.mode === 'disable') return dialed;
    if (kind === 'postgresql' && !(await askForTls(dialed))) {
      if (tls.mode === 'prefer') return dialed;
      throw new TunnelError('TLS_FAILED', `${address.host}:${address.port} speaks no TLS: ssl is off there.`);
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
    reject(new TunnelError('TLS_FAILED', `${host}:${port} ended the connection within the TLS handshake.`));
  const fail = (error: Error) =>
    reject(new TunnelError('TLS_FAILED', `${host}:${port}: ${targetTlsSentence(error)}`, { cause: error }));
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
