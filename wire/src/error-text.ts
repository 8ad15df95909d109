/** The `code` of an error, such as ENOENT, or undefined when it has none. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * The message of anything that was thrown, for people. Messages of OpenSSL name its source files, those of Node's HTTP
 * parser its grammar, and those of sockets write IPv6 without brackets; these are said in other words.
 */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.message === '') return error.errors.map(errorText).join(', ');
  return tlsText(error) ?? httpText(error) ?? addressText(error) ?? error.message;
}

/** The text of an error at `place`, such as `db:5432: connect ECONNREFUSED 10.0.0.5:5432`, which names no place twice. */
export function errorTextAt(place: string, error: unknown): string {
  const text = errorText(error);
  return text.endsWith(` ${place}`) ? text : `${place}: ${text}`;
}

/** SSL_R_… of 1000 and more are alerts that the peer has sent (RFC 8446 section 6). */
const ALERT = /SSL alert number (\d+)/;

/** Node sets `library` and `reason` of OpenSSL's errors, and puts the whole line of its log into the message. */
function tlsText(error: Error & { library?: unknown; reason?: unknown }): string | undefined {
  if (error.library !== 'SSL routines' || typeof error.reason !== 'string') return undefined;
  const alert = ALERT.exec(error.message)?.[1];
  return alert === undefined
    ? `TLS failed: ${error.reason}`
    : `the peer ended TLS with alert ${alert}, ${error.reason.replace(/^(?:tlsv\d+|sslv3) (?:alert )?/, '')}`;
}

function httpText(error: Error): string | undefined {
  return errorCode(error)?.startsWith('HPE_') ? 'the peer does not answer in HTTP' : undefined;
}

function addressText(
  error: Error & { syscall?: unknown; address?: unknown; port?: unknown },
): string | undefined {
  const { syscall, address, port } = error;
  const code = errorCode(error);
  if (syscall !== 'connect' || typeof address !== 'string' || !address.includes(':')) return undefined;
  return code === undefined || port === undefined ? undefined : `connect ${code} [${address}]:${port}`;
}
