import type { TLSSocket } from 'node:tls';

/**
 * Returns why a client's certificate is not accepted; undefined if it is. Call it after the handshake of a server
 * socket with `requestCert`. OpenSSL has verified the chain by then, but only tls.Server acts on the result, and a
 * TLSSocket offers it nowhere but in its internal handle (`_handle.verifyError`). On a Node without it, every client
 * is refused, and a test fails.
 */
export function clientCertificateProblem(tls: TLSSocket): string | undefined {
  const { _handle: handle } = tls as { _handle?: { verifyError?: () => Error | null | undefined } | null };
  if (handle?.verifyError === undefined) return 'it could not be verified';
  const error = handle.verifyError();
  return error === null || error === undefined ? undefined : error.message;
}

/** The subject of a client's certificate on one line, such as `O=acme, CN=reporting`. */
export function clientSubject(tls: TLSSocket): string | undefined {
  // Node separates the attributes by line breaks and escapes those within a value.
  return tls.getPeerX509Certificate()?.subject?.replaceAll('\n', ', ');
}
