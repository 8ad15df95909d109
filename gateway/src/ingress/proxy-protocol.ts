import { isIP } from 'node:net';
import { TunnelError } from '@penstock/wire';
import ipaddr from 'ipaddr.js';
import type { ClientReader } from './client-reader.ts';
import { type ClientSource, clientSource } from './client-source.ts';

// The receiver of the PROXY protocol, versions 1 and 2 (HAProxy, doc/proxy-protocol.txt).

type Reader = Pick<ClientReader, 'read'>;

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** Longest line of version 1, including its CRLF. */
const MAX_LINE_BYTES = 107;
/** Bytes that may follow the first 16 of a version 2 header: addresses, and TLVs that are ignored. */
const MAX_BODY_BYTES = 4096;

const VERSION = 2;
const LOCAL = 0;
const PROXY = 1;
const TCP4 = 0x11;
const TCP6 = 0x21;

/**
 * `local`: the load balancer connected on its own behalf, as for a health check. `unknown`: the same in version 1, which
 * has no word of its own for it, or a client without an IP address.
 */
export type ProxyHeader =
  | { readonly is: 'client'; readonly source: ClientSource }
  | { readonly is: 'local' }
  | { readonly is: 'unknown' };

const UNKNOWN: ProxyHeader = { is: 'unknown' };

/** Reads a PROXY header. Throws TunnelError PROTOCOL_ERROR if the bytes are not a valid one. */
export async function readProxyHeader(reader: Reader): Promise<ProxyHeader> {
  const first = await reader.read(1);
  return first[0] === SIGNATURE[0] ? readVersion2(reader, first) : readVersion1(reader, first);
}

async function readVersion1(reader: Reader, first: Buffer): Promise<ProxyHeader> {
  let line = first.toString('latin1');
  while (!line.endsWith('\r\n')) {
    // The prefix is checked byte by byte, so a sender of anything else is rejected without waiting for a whole line.
    if (!'PROXY '.startsWith(line.slice(0, 6)) || line.length >= MAX_LINE_BYTES) throw invalidHeader();
    line += (await reader.read(1)).toString('latin1');
  }
  if (/^PROXY UNKNOWN[^\r\n]*\r\n$/.test(line)) return UNKNOWN;
  const [, family, source = '', target = '', port, targetPort] =
    /^PROXY TCP([46]) ([0-9A-Fa-f:.]+) ([0-9A-Fa-f:.]+) ([0-9]{1,5}) ([0-9]{1,5})\r\n$/.exec(line) ?? [];
  const isOfFamily = isIP(source) === Number(family) && isIP(target) === Number(family);
  if (!isOfFamily || Number(port) > 65_535 || Number(targetPort) > 65_535) throw invalidHeader();
  return { is: 'client', source: clientSource(source, Number(port)) };
}

async function readVersion2(reader: Reader, first: Buffer): Promise<ProxyHeader> {
  const rest = await reader.read(SIGNATURE.length - 1);
  if (!Buffer.concat([first, rest]).equals(SIGNATURE)) throw invalidHeader();
  const head = await reader.read(4);
  const [versionAndCommand = 0, family] = head;
  const command = versionAndCommand & 0x0f;
  const length = head.readUInt16BE(2);
  const isSupported = versionAndCommand >> 4 === VERSION && (command === LOCAL || command === PROXY);
  if (!isSupported || length > MAX_BODY_BYTES) throw invalidHeader();
  const body = await reader.read(length);
  if (command === LOCAL) return { is: 'local' };
  if (family !== TCP4 && family !== TCP6) return UNKNOWN;
  const addressBytes = family === TCP4 ? 4 : 16;
  if (body.length < 2 * addressBytes + 4) throw invalidHeader();
  const address = ipaddr.fromByteArray([...body.subarray(0, addressBytes)]).toString();
  return { is: 'client', source: clientSource(address, body.readUInt16BE(2 * addressBytes)) };
}

function invalidHeader(): TunnelError {
  return new TunnelError(
    'PROTOCOL_ERROR',
    'The connection did not start with a valid PROXY header, which proxyProtocol.from requires from this address.',
  );
}
