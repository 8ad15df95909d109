import { isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { type ConnectorKind, type TargetTls, withoutFinalDot } from '@penstock/config-schema';
import { errorText } from '@penstock/wire';
import { isCertificateFailure, targetTlsOptions, tlsFailureReason } from '../target-tls.ts';
import { CheckFailure } from './check-failure.ts';

export type TlsHandshakeOptions = {
  readonly kind: ConnectorKind;
  readonly host: string;
  /** The connector's settings. Undefined where clients use TLS end to end. */
  readonly tls: TargetTls | undefined;
};

/**
 * Performs a TLS handshake on a connected socket. Without settings of the connector, clients use TLS end to end and verify the
 * certificate themselves, so any certificate is accepted here. Throws CheckFailure `tls` or `certificate`, or the
 * signal's reason.
 */
export async function tlsHandshake(
  socket: Socket,
  { kind, host, tls: settings }: TlsHandshakeOptions,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (error: Error) => {
    const reach = isCertificateFailure(error) ? 'certificate' : 'tls';
    reject(new CheckFailure(reach, `The handshake failed: ${tlsFailureReason(error)}`, { cause: error }));
  };
  const close = () =>
    reject(new CheckFailure('tls', 'The target closed the connection during the handshake.'));
  const abort = () => reject(signal.reason);
  const tls = connect({
    socket,
    ...(settings === undefined || settings.mode === 'disable'
      ? {
          servername: isIP(host) === 0 ? withoutFinalDot(host) : '',
          rejectUnauthorized: false,
          // A failed handshake counts as an error at MySQL servers, and those before 5.7.28 know no newer version.
          ...(kind === 'mysql'
            ? { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }
            : { minVersion: 'TLSv1.2' }),
        }
      : optionsOf(settings, kind, host)),
  });
  tls.once('secureConnect', resolve).once('error', fail).once('close', close);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    await promise;
    return tls;
  } catch (error) {
    tls.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
    tls.off('secureConnect', resolve).off('error', fail).off('close', close);
    tls.on('error', () => {});
  }
}

/** Throws CheckFailure `tls` when the connector's PEM files are unusable. */
function optionsOf(settings: TargetTls, kind: ConnectorKind, host: string): ConnectionOptions {
  try {
    return targetTlsOptions(settings, kind, host);
  } catch (cause) {
    throw new CheckFailure('tls', `connectors[].tls is not usable: ${errorText(cause)}.`, { cause });
  }
}

/** Describes the presented certificate. Throws CheckFailure `certificate` when it is not valid at `now`. */
export function describeTls(tls: TLSSocket, now: number): string {
  const certificate = tls.getPeerX509Certificate();
  if (certificate === undefined) return `${tls.getProtocol()}, without a certificate`;
  const subject = certificate.subject.split('\n').join(', ').slice(0, 128);
  const { validFromDate, validToDate } = certificate;
  if (now < validFromDate.getTime() || now > validToDate.getTime()) {
    throw new CheckFailure(
      'certificate',
      `The certificate of ${subject} is valid from ${validFromDate.toISOString()} to ${validToDate.toISOString()}. ` +
        'Clients that verify it cannot connect; others can.',
    );
  }
  return `${tls.getProtocol()}, ${subject}, valid until ${validToDate.toISOString()}`;
}
