import type { CloseCode } from './close-code.ts';
import { errorCode, errorText, errorTextAt } from './error-text.ts';
import { TunnelError } from './tunnel-error.ts';

const dialCodes: ReadonlyMap<string, CloseCode> = new Map([
  ['ENOTFOUND', 'DNS_FAILED'],
  ['EAI_AGAIN', 'DNS_FAILED'],
  ['EAI_FAIL', 'DNS_FAILED'],
  ['EAI_NODATA', 'DNS_FAILED'],
  ['ENODATA', 'DNS_FAILED'],
  ['ESERVFAIL', 'DNS_FAILED'],
  ['ECONNREFUSED', 'REFUSED'],
  ['ECONNRESET', 'REFUSED'],
  ['EHOSTUNREACH', 'UNREACHABLE'],
  ['ENETUNREACH', 'UNREACHABLE'],
  ['EADDRNOTAVAIL', 'UNREACHABLE'],
  ['EHOSTDOWN', 'UNREACHABLE'],
  ['ENETDOWN', 'UNREACHABLE'],
  ['EINVAL', 'UNREACHABLE'],
  ['ETIMEDOUT', 'DIAL_TIMEOUT'],
  ['ERR_SOCKET_CONNECTION_TIMEOUT', 'DIAL_TIMEOUT'],
  ['EMFILE', 'AGENT_OVERLOADED'],
  ['ENFILE', 'AGENT_OVERLOADED'],
  ['ENOBUFS', 'AGENT_OVERLOADED'],
  ['EACCES', 'UNREACHABLE'],
  ['EPERM', 'UNREACHABLE'],
]);

const bindReasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process is already listening there. Is another instance running?',
  EADDRNOTAVAIL: 'this host does not have that address.',
  EACCES: 'this user is not allowed to listen there. Ports below 1024 require a privilege.',
};

/** The error for a listener that could not be opened. Names the configuration field, the address and the likely cause. */
export function bindError(
  field: string,
  address: { readonly host: string; readonly port: number },
  error: unknown,
): Error {
  const code = errorCode(error) ?? '';
  const where = `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
  const reason = bindReasons[code] ?? errorText(error);
  return new Error(`${field}: cannot listen on ${where} (${code}): ${reason}`, { cause: error });
}

/** Translates an error of Node's sockets or resolver into a TunnelError. No other code does. */
export function fromDialError(error: unknown, target: string): TunnelError {
  if (error instanceof TunnelError) return error;
  // With several addresses, Node tries each of them and reports all failures together. An address without a route, which
  // is common for IPv6, is less informative than one that refused the connection or timed out.
  const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  const cause = errors.findLast((each) => dialCode(each) !== 'UNREACHABLE') ?? errors.at(-1) ?? error;
  return new TunnelError(dialCode(cause), errorTextAt(target, cause), { cause: error });
}

function dialCode(error: unknown): CloseCode {
  return dialCodes.get(errorCode(error) ?? '') ?? 'INTERNAL';
}
