import { isIP, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { errorText } from '@penstock/wire';
import { CheckFailure } from './check-failure.ts';

/**
 * A TLS handshake on a connected socket. Whether the certificate is that of the target is for the client to say, whose
 * TLS it is; here only its dates are looked at. Throws CheckFailure `tls` or `certificate`, or the signal's reason.
 */
export async function tlsHandshake(socket: Socket, host: string, signal: AbortSignal): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (error: Error) =>
    reject(new CheckFailure('tls', `The handshake failed: ${errorText(error)}.`));
  const close = () =>
    reject(new CheckFailure('tls', 'The target closed the connection during the handshake.'));
  const abort = () => reject(signal.reason);
  const tls = connect({
    socket,
    servername: isIP(host) === 0 ? host : '',
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
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

/** What was presented, for people. Throws CheckFailure `certificate` when it is not valid at this time. */
export function describeTls(tls: TLSSocket, now: number): string {
  const certificate = tls.getPeerX509Certificate();
  if (certificate === undefined) return `${tls.getProtocol()}, without a certificate`;
  const subject = certificate.subject.split('\n').join(', ').slice(0, 128);
  const { validFromDate, validToDate } = certificate;
  if (now < validFromDate.getTime() || now > validToDate.getTime()) {
    throw new CheckFailure(
      'certificate',
      `The certificate of ${subject} is valid from ${validFromDate.toISOString()} to ${validToDate.toISOString()}.`,
    );
  }
  return `${tls.getProtocol()}, ${subject}, valid until ${validToDate.toISOString()}`;
}
