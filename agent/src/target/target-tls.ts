import { isIP } from 'node:net';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import { type ConnectorKind, type TargetTls, withoutFinalDot } from '@penstock/config-schema';
import { alpnProtocols } from '@penstock/transport';
import { errorCode, errorText } from '@penstock/wire';

/** ALPN protocol names (RFC 7301) of the kinds that have one. */
const protocols: Partial<Record<ConnectorKind, readonly string[]>> = {
  postgresql: ['postgresql'],
  sqlserver: ['tds/8.0'],
  http: ['http/1.1'],
};

/** The options for node:tls. Call it for each dial, so that a reload takes effect. Throws when the PEM files are unusable. */
export function targetTlsOptions(
  { mode, ca, certificate, key, serverName }: TargetTls,
  kind: ConnectorKind,
  host: string,
): ConnectionOptions {
  const name = serverName ?? withoutFinalDot(host);
  const protocol = protocols[kind];
  return {
    secureContext: createSecureContext({
      ...(ca !== undefined && { ca }),
      ...(certificate !== undefined && { cert: certificate }),
      ...(key !== undefined && { key: key.reveal() }),
      minVersion: 'TLSv1.2',
    }),
    host: name,
    // An address is not sent as a server name (RFC 6066 section 3), but the certificate is still compared with it.
    ...(isIP(name) === 0 && { servername: name }),
    ...(protocol !== undefined && { ALPNProtocols: alpnProtocols(protocol) }),
    rejectUnauthorized: mode === 'verify-full' || (mode === 'require' && ca !== undefined),
    ...(mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
  };
}

const sentences: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired.',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet. Check the clock of this host.',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS on this port.',
  ECONNRESET: 'it reset the connection during the TLS handshake.',
};
const UNTRUSTED_REASON =
  'its certificate was not issued by a CA that this connector trusts. Add its CA to connectors[].tls.ca.';
const UNTRUSTED_CODES: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Why a handshake failed, as the second half of a sentence. */
export function tlsFailureReason(error: Error): string {
  const code = errorCode(error) ?? '';
  return UNTRUSTED_CODES.has(code) ? UNTRUSTED_REASON : (sentences[code] ?? errorText(error));
}

/** Whether a handshake failed only because of the certificate. */
export function isCertificateFailure(error: Error): boolean {
  const code = errorCode(error) ?? '';
  return UNTRUSTED_CODES.has(code) || code.startsWith('CERT_') || code === 'ERR_TLS_CERT_ALTNAME_INVALID';
}
