import { isIP } from 'node:net';
import { type CloseCode, TunnelError } from '@penstock/wire';
import type { ClientReader } from '../client-reader.ts';

// RFC 1928 and RFC 1929, the gateway's side.

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
const NAME = 3;
const IPV6 = 4;

type Bytes = Pick<ClientReader, 'take'>;

/** The methods that a client offers. Throws TunnelError when it does not speak SOCKS5. */
export async function readGreeting(bytes: Bytes): Promise<ReadonlySet<number>> {
  const [version = 0, count = 0] = await bytes.take(2);
  if (version !== VERSION) throw new TunnelError('PROTOCOL_ERROR', notSocks5(version));
  return new Set(await bytes.take(count));
}

function notSocks5(first: number): string {
  if (first === 4)
    return 'The client speaks SOCKS4; this port takes SOCKS5 (in Java: -DsocksProxyVersion=5).';
  if (first === 0x16) return 'The client speaks TLS; this port takes SOCKS5 in clear.';
  if (first >= 0x41 && first <= 0x5a) return 'The client speaks HTTP; this port takes SOCKS5.';
  return 'The client does not speak SOCKS5.';
}

/** User name and password (RFC 1929). */
export async function readPassword(bytes: Bytes): Promise<{ user: string; password: string }> {
  const [version = 0, userLength = 0] = await bytes.take(2);
  if (version !== PASSWORD_VERSION) {
    throw new TunnelError('PROTOCOL_ERROR', 'The user name and password are not those of RFC 1929.');
  }
  const user = (await bytes.take(userLength)).toString();
  const [passwordLength = 0] = await bytes.take(1);
  return { user, password: (await bytes.take(passwordLength)).toString() };
}

/** What the client asks for, or the reply that says why that cannot be. */
export type Socks5Request =
  | { readonly host: string; readonly port: number }
  | { readonly reply: Reply; readonly detail: string };

export async function readRequest(bytes: Bytes): Promise<Socks5Request> {
  const [version = 0, command = 0, , type = 0] = await bytes.take(4);
  if (version !== VERSION) throw new TunnelError('PROTOCOL_ERROR', 'The request is not one of SOCKS5.');
  const host = await readHost(bytes, type);
  if (host === undefined) {
    return { reply: replies.addressUnsupported, detail: `There is no SOCKS5 address of type ${type}.` };
  }
  const port = (await bytes.take(2)).readUInt16BE();
  if (command !== CONNECT) {
    return { reply: replies.commandUnsupported, detail: 'Of the commands of SOCKS5 there is CONNECT only.' };
  }
  if (!isHost(host) || port === 0)
    return { reply: replies.notAllowed, detail: 'This is no host with a port.' };
  return { host, port };
}

async function readHost(bytes: Bytes, type: number): Promise<string | undefined> {
  switch (type) {
    case IPV4:
      return [...(await bytes.take(4))].join('.');
    case IPV6: {
      const address = await bytes.take(16);
      return Array.from({ length: 8 }, (_, index) => address.readUInt16BE(2 * index).toString(16)).join(':');
    }
    case NAME: {
      const [length = 0] = await bytes.take(1);
      return (await bytes.take(length)).toString('latin1');
    }
    default:
      return undefined;
  }
}

/** What may stand in a log and be compared: no control characters, nothing beyond ASCII. */
function isHost(text: string): boolean {
  return isIP(text) !== 0 || /^[A-Za-z0-9._-]{1,255}$/.test(text);
}

export const chosenMethod = (method: number): Buffer => Buffer.from([VERSION, method]);
export const passwordAccepted = (): Buffer => Buffer.from([PASSWORD_VERSION, 0]);

/** The address in it is nobody's: the client has no use for the gateway's own. */
export const replyMessage = (reply: Reply): Buffer =>
  Buffer.from([VERSION, reply, 0, IPV4, 0, 0, 0, 0, 0, 0]);

const byCode: Partial<Record<CloseCode, Reply>> = {
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
};

/** The reply that says best what a close code says. */
export function replyOf(code: CloseCode): Reply {
  return byCode[code] ?? replies.failed;
}
