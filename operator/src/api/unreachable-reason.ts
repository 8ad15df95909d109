export type UnreachableReason = { readonly why: string; readonly suggestion?: string };

/** Explains why a request with fetch failed, without internal codes of undici. */
export function unreachableReason(error: unknown): UnreachableReason {
  const code = codeOf(error);
  if (code === undefined) return { why: 'the connection failed' };
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return { why: 'no response' };
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return {
      why: 'the server does not speak TLS',
      suggestion: 'Use http:// in PENSTOCK_URL, unless a proxy in front of the gateway should speak TLS.',
    };
  }
  if (untrusted.has(code)) {
    return {
      why: `its certificate is not signed by a trusted CA (${code})`,
      suggestion: 'Set PENSTOCK_CA to a PEM file with the CA that signed it.',
    };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      why: 'its certificate is for another host name',
      suggestion: 'Use a host name of the certificate in PENSTOCK_URL.',
    };
  }
  if (code === 'CERT_HAS_EXPIRED') {
    return {
      why: 'its certificate has expired',
      suggestion: 'Renew the certificate of adminTls in gateway.yaml.',
    };
  }
  if (code.startsWith('HPE_') || closedWithoutResponse.has(code)) {
    return {
      why: 'the server does not speak HTTP',
      suggestion:
        'It may be the tunnel port. PENSTOCK_URL must be the admin address of the gateway (listen.admin in ' +
        'gateway.yaml), with https:// if gateway.yaml has adminTls.',
    };
  }
  return { why: code };
}

const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

const NO_HTTP = 'HPE_INVALID_CONSTANT';
/** The peer accepted the connection and closed it without a response. */
const closedWithoutResponse = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** The code of the error or its cause, such as ECONNREFUSED or DEPTH_ZERO_SELF_SIGNED_CERT. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  // undici's parser errors do not always have a code.
  if (error.name === 'HTTPParserError') return NO_HTTP;
  return codeOf(error.cause);
}
