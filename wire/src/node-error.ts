import type { CloseCode } from './close-code.ts';
import { TunnelError } from './tunnel-error.ts';

const dialCodes: Readonly<Record<string, CloseCode>> = {
  ENOTFOUND: 'DNS_FAILED',
  EAI_AGAIN: 'DNS_FAILED',
  EAI_FAIL: 'DNS_FAILED',
  EAI_NODATA: 'DNS_FAILED',
  ENODATA: 'DNS_FAILED',
  ESERVFAIL: 'DNS_FAILED',
  ECONNREFUSED: 'REFUSED',
  ECONNRESET: 'REFUSED',
  EHOSTUNREACH: 'UNREACHABLE',
  ENETUNREACH: 'UNREACHABLE',
  EADDRNOTAVAIL: 'UNREACHABLE',
  EHOSTDOWN: 'UNREACHABLE',
  ENETDOWN: 'UNREACHABLE',
  EINVAL: 'UNREACHABLE',
  ETIMEDOUT: 'DIAL_TIMEOUT',
  ERR_SOCKET_CONNECTION_TIMEOUT: 'DIAL_TIMEOUT',
  EMFILE: 'AGENT_OVERLOADED',
  ENFILE: 'AGENT_OVERLOADED',
  ENOBUFS: 'AGENT_OVERLOADED',
  EACCES: 'UNREACHABLE',
  EPERM: 'UNREACHABLE',
};

/** The code of a system error, as in ENOENT, or undefined when it has none. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** What went wrong, for people, whatever was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The one place where an error of Node's sockets and resolver becomes ours. */
export function fromDialError(error: unknown, target: string): TunnelError {
  if (error instanceof TunnelError) return error;
  const systemCode = errorCode(error);
  // With several addresses Node tries each and reports them together; the last one tried decides.
  const cause = error instanceof AggregateError ? error.errors.at(-1) : undefined;
  const code = dialCodes[errorCode(cause) ?? systemCode ?? ''] ?? 'INTERNAL';
  return new TunnelError(code, `${target}: ${errorText(cause ?? error)}`, { cause: error });
}
