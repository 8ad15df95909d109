import { isIP } from 'node:net';
import { type CloseCode, TunnelError } from '@penstock/wire';
import type { ClientReader } from '../client-reader.ts';

// The server's side of RFC 1928 (SOCKS5) and RFC 1929 (username/password authentication).

export const methods = { none: 0, password: 2, unacceptable: 0xff } as const;

export const replies = {
  succeeded: 0,
  failed: 1,
  notAllowed: 2,
  networkUnreachable: 3,
  hostUnreachable: 4,
  refused: 5,
  timeout: 6,
  commandUnsupported: 7,
  addressUnsupported: 8,
} as const;
export type Reply = (typeof replies)[keyof typeof replies];

const VERSION = 5;
const PASSWORD_VERSION = 1;
const CONNECT = 1;
const IPV4 = 1;
const DOMAIN_NAME = 3;
const IPV6 = 4;

const TLS_HANDSHAKE_RECORD = 0x16;

type Reader = Pick<ClientReader, 'read'>;

/** Reads the authentication methods that a client offers. Throws TunnelError PROTOCOL_ERROR if it is not SOCKS5. */
export async function readGreeting(reader: Reader): Promise<ReadonlySet<number>> {
  const [version = 0, count = 0] = await reader.read(2);
  if (version !== VERSION) throw new TunnelError('PROTOCOL_ERROR', notSocks5(version));
  return new Set(await reader.read(count));
}

function notSocks5(firstByte: number): string {
  if (firstByte === 4) {
    return 'The client speaks SOCKS4, but this port requires SOCKS5 (in Java: -DsocksProxyVersion=5).';
  }
  if (firstByte === TLS_HANDSHAKE_RECORD) {
    return 'The client speaks TLS, but this port requires SOCKS5 without TLS.';
  }
  // The first letter of an HTTP method.
  if (firstByte >= 0x41 && firstByte <= 0x5a) return 'The client speaks HTTP, but this port requires SOCKS5.';
  return 'The client does not speak SOCKS5.';
}

/** Reads username and password (RFC 1929). Throws TunnelError PROTOCOL_ERROR for any other version. */
export async function readPassword(reader: Reader): Promise<{ user: string; password: string }> {
  const [version = 0, userLength = 0] = await reader.read(2);
  if (version !== PASSWORD_VERSION) {
    throw new TunnelError(
      'PROTOCOL_ERROR',
      'The client did not send username and password as RFC 1929 requires.',
    );
  }
  const user = (await reader.read(userLength)).toString();
  const [passwordLength = 0] = await reader.read(1);
  return { user, password: (await reader.read(passwordLength)).toString() };
}

/** The requested host and port, or the reply that rejects the request. */
export type Socks5Request =
  | { readonly host: string; readonly port: number }
  | { readonly reply: Reply; readonly detail: string };

/** Throws TunnelError PROTOCOL_ERROR if it is not a SOCKS5 request. */
export async function readRequest(reader: Reader): Promise<Socks5Request> {
  const [version = 0, command = 0, , type = 0] = await reader.read(4);
  if (version !== VERSION)
    throw new TunnelError('PROTOCOL_ERROR', 'The client sent an invalid SOCKS5 request.');
  const host = await readHost(reader, type);
  if (host === undefined) {
    return {
      reply: replies.addressUnsupported,
      detail: `The client requested SOCKS5 address type ${type}, which does not exist.`,
    };
  }
  const port = (await reader.read(2)).readUInt16BE();
  if (command !== CONNECT) {
    return {
      reply: replies.commandUnsupported,
      detail: `The client requested SOCKS5 command ${command}. The only supported command is CONNECT.`,
    };
  }
  if (!isHost(host) || port === 0) {
    return { reply: replies.notAllowed, detail: 'The client requested an invalid host or port 0.' };
  }
  return { host, port };
}

async function readHost(reader: Reader, type: number): Promise<string | undefined> {
  switch (type) {
    case IPV4:
      return [...(await reader.read(4))].join('.');
    case IPV6: {
      const address = await reader.read(16);
      return Array.from({ length: 8 }, (_, index) => address.readUInt16BE(2 * index).toString(16)).join(':');
    }
    case DOMAIN_NAME: {
      const [length = 0] = await reader.read(1);
      return (await reader.read(length)).toString('latin1');
    }
    default:
      return undefined;
  }
}

/** Whether a host is safe to log and compare: no control characters, and only ASCII. */
function isHost(text: string): boolean {
  return isIP(text) !== 0 || /^[A-Za-z0-9._-]{1,255}$/.test(text);
}

export const methodSelection = (method: number): Buffer => Buffer.from([VERSION, method]);
export const passwordAccepted = (): Buffer => Buffer.from([PASSWORD_VERSION, 0]);

/** Its bound address is 0.0.0.0:0: clients have no use for an address of the gateway. */
export const replyMessage = (reply: Reply): Buffer =>
  Buffer.from([VERSION, reply, 0, IPV4, 0, 0, 0, 0, 0, 0]);

const replyByCode: Partial<Record<CloseCode, Reply>> = {
  CLIENT_DENIED: replies.notAllowed,
  POLICY_DENIED: replies.notAllowed,
  GRANT_INVALID: replies.notAllowed,
  LIMIT_EXCEEDED: replies.notAllowed,
  NO_AGENT: replies.networkUnreachable,
  QUEUE_FULL: replies.networkUnreachable,
  QUEUE_TIMEOUT: replies.networkUnreachable,
  DNS_FAILED: replies.hostUnreachable,
  UNREACHABLE: replies.hostUnreachable,
  UNKNOWN_CONNECTOR: replies.hostUnreachable,
  REFUSED: replies.refused,
  DIAL_TIMEOUT: replies.timeout,
  AGENT_TIMEOUT: replies.timeout,
};

/** The reply closest in meaning to a close code. */
export function replyOf(code: CloseCode): Reply {
  return replyByCode[code] ?? replies.failed;
}
