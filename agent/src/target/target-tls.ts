import { isIP } from 'node:net';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import type { ConnectorKind, TargetTls } from '@penstock/config-schema';
import { errorCode, errorText } from '@penstock/wire';

/** What a target is asked to speak inside TLS (RFC 7301), where its protocol has a name for it. */
const protocols: Partial<Record<ConnectorKind, readonly string[]>> = {
  postgresql: ['postgresql'],
  sqlserver: ['tds/8.0'],
  http: ['http/1.1'],
};

/** What Node needs to know. The keys are read here, at each dial: a reload puts new ones in force. */
export function targetTlsOptions(
  { mode, ca, certificate, key, serverName }: TargetTls,
  kind: ConnectorKind,
  host: string,
): ConnectionOptions {
  const name = serverName ?? host;
  const protocol = protocols[kind];
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

/** Why a handshake failed, as the end of a sentence. */
export function targetTlsSentence(error: Error): string {
  const code = errorCode(error) ?? '';
  return UNTRUSTED.has(code) ? untrusted : (sentences[code] ?? errorText(error));
}

/** Whether a handshake failed for the certificate alone: TLS itself was spoken. */
export function isCertificateFailure(error: Error): boolean {
  const code = errorCode(error) ?? '';
  return UNTRUSTED.has(code) || code.startsWith('CERT_') || code === 'ERR_TLS_CERT_ALTNAME_INVALID';
}
