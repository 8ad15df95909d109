import type { CloseCode } from './close-code.ts';
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

/** The code of a system error, as in ENOENT, or undefined when it has none. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** What went wrong, for people, whatever was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const bindReasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something else listens there already. Is another one of these running?',
  EADDRNOTAVAIL: 'this host has no such address.',
  EACCES: 'this user may not listen there. Ports below 1024 need a privilege.',
};

/** Why a listener could not be opened: names the field of the file, the address and what to look for. */
export function bindError(
  field: string,
  address: { readonly host: string; readonly port: number },
  error: unknown,
): Error {
  const code = errorCode(error) ?? '';
  const where = `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
  const reason = bindReasons[code] ?? errorText(error);
  return new Error(`${field}: ${where} cannot be opened (${code}): ${reason}`, { cause: error });
}

/** The one place where an error of Node's sockets and resolver becomes ours. */
export function fromDialError(error: unknown, target: string): TunnelError {
  if (error instanceof TunnelError) return error;
  // With several addresses Node tries each and reports them together. An address the agent has no route to, as IPv6
  // mostly, says less than one that refused or kept silent.
  const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  const cause = errors.findLast((each) => dialCode(each) !== 'UNREACHABLE') ?? errors.at(-1) ?? error;
  return new TunnelError(dialCode(cause), `${target}: ${errorText(cause)}`, { cause: error });
}

function dialCode(error: unknown): CloseCode {
  return dialCodes.get(errorCode(error) ?? '') ?? 'INTERNAL';
}
