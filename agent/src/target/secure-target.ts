import { isIP } from 'node:net';
import { type ConnectionOptions, connect, createSecureContext } from 'node:tls';
import type { Connector, ConnectorKind, TargetTls } from '@penstock/config-schema';
import { errorCode, errorText, resetSocket, TlsTransport, TunnelError } from '@penstock/wire';
import type { DialedTarget } from './dial-target.ts';
import { askForTls } from './postgresql-tls.ts';

/** What a target is asked to speak inside TLS (RFC 7301), where its protocol has a name for it. */
const protocols: Partial<Record<ConnectorKind, readonly string[]>> = {
  postgresql: ['postgresql'],
  sqlserver: ['tds/8.0'],
  http: ['http/1.1'],
};

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
  const options = optionsOf(tls, tls.serverName ?? host, protocols[kind]);
  const secured = connect({ ...options, socket: transport });
  transport.carry(secured);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const closed = () =>
    reject(new TunnelError('TLS_FAILED', `${host}:${port} ended the connection within the TLS handshake.`));
  const fail = (error: Error) =>
    reject(new TunnelError('TLS_FAILED', `${host}:${port}: ${sentenceOf(error)}`, { cause: error }));
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

/** What Node needs to know. The keys are read here, at each dial: a reload puts new ones in force. */
function optionsOf(
  { mode, ca, certificate, key }: TargetTls,
  name: string,
  protocol: readonly string[] | undefined,
): ConnectionOptions {
  return {
    secureContext: createSecureContext({
      ...(ca !== undefined && { ca }),
      ...(certificate !== undefined && { cert: certificate }),
      ...(key !== undefined && { key: key.reveal() }),
      minVersion: 'TLSv1.2',
    }),
    host: name,
    // No address is sent as a name (RFC 6066 section 3); the certificate is compared with it all the same.
    ...(isIP(name) === 0 && { servername: name }),
    ...(protocol !== undefined && { ALPNProtocols: [...protocol] }),
    rejectUnauthorized: mode === 'verify-full' || (mode === 'require' && ca !== undefined),
    ...(mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
  };
}

const sentences: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired.',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet. Is the clock of this host right?',
  ERR_SSL_WRONG_VERSION_NUMBER: 'what answers there does not begin with TLS.',
  ECONNRESET: 'it reset the connection within the TLS handshake.',
};
const untrusted = 'its certificate was issued by no CA that this connector trusts. Name its CA in tls.ca.';
const UNTRUSTED: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

function sentenceOf(error: Error): string {
  const code = errorCode(error) ?? '';
  return UNTRUSTED.has(code) ? untrusted : (sentences[code] ?? errorText(error));
}
