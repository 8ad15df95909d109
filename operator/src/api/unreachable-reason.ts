export type UnreachableReason = { readonly why: string; readonly suggestion?: string };

/** Why a request with fetch failed, told without the codes of the library beneath it. */
export function unreachableReason(error: unknown): UnreachableReason {
  const code = codeOf(error);
  if (code === undefined) return { why: 'the connection failed' };
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return { why: 'nothing answers there' };
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return {
      why: 'the port answers, but does not speak TLS',
      suggestion: 'Write http:// in PENSTOCK_URL, unless something before the gateway should speak TLS.',
    };
  }
  if (untrusted.has(code)) {
    return {
      why: `its certificate is of no CA that is trusted here (${code})`,
      suggestion: 'Set PENSTOCK_CA to a file with the CA that signed it, as PEM.',
    };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      why: 'its certificate is for other names',
      suggestion: 'Write one of the names of the certificate in PENSTOCK_URL.',
    };
  }
  if (code === 'CERT_HAS_EXPIRED') {
    return {
      why: 'its certificate has expired',
      suggestion: 'Renew the certificate of adminTls in gateway.yaml.',
    };
  }
  if (code.startsWith('HPE_') || endedWithoutAnswer.has(code)) {
    return {
      why: 'the port answers, but not with HTTP',
      suggestion:
        'Is it the tunnel port? PENSTOCK_URL is the admin address of the gateway (listen.admin in gateway.yaml), with ' +
        'https:// where gateway.yaml has adminTls.',
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
/** The peer took the connection and ended it without an answer. */
const endedWithoutAnswer = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** fetch hides the reason one level down; its code is such as ECONNREFUSED or DEPTH_ZERO_SELF_SIGNED_CERT. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  // undici's own error of its parser does not always have a code.
  if (error.name === 'HTTPParserError') return NO_HTTP;
  return codeOf(error.cause);
}
