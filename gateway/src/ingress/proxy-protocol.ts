import { isIP } from 'node:net';
import { TunnelError } from '@penstock/wire';
import ipaddr from 'ipaddr.js';
import type { ClientReader } from './client-reader.ts';
import type { ClientSource } from './client-source.ts';

// The PROXY protocol, versions 1 and 2 (proxy-protocol.txt of HAProxy), the receiver's side.

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** Bytes of the longest line of version 1, its end included. */
const MAX_LINE_BYTES = 107;
/** Bytes that a header of version 2 may have behind its first 16: addresses and what else a load balancer tells. */
const MAX_BODY_BYTES = 4096;

const VERSION = 2;
const LOCAL = 0;
const PROXY = 1;
const TCP4 = 0x11;
const TCP6 = 0x21;

/**
 * The client that a load balancer connects for. Undefined where it connects for itself, as its health checks do, or
 * for somebody without an IP address. Throws TunnelError PROTOCOL_ERROR for what is no header.
 */
export async function readProxyHeader(bytes: Pick<ClientReader, 'take'>): Promise<ClientSource | undefined> {
  const first = await bytes.take(1);
  return first[0] === SIGNATURE[0] ? readBinary(bytes, first) : readLine(bytes, first);
}

async function readLine(bytes: Pick<ClientReader, 'take'>, first: Buffer): Promise<ClientSource | undefined> {
  let line = first.toString('latin1');
  while (!line.endsWith('\r\n')) {
    // Known from the first letters: who says something else must not have to say so much of it.
    if (!'PROXY '.startsWith(line.slice(0, 6)) || line.length >= MAX_LINE_BYTES) throw noHeader();
    line += (await bytes.take(1)).toString('latin1');
  }
  if (/^PROXY UNKNOWN[^\r\n]*\r\n$/.test(line)) return undefined;
  const [, family, source = '', target = '', port, targetPort] =
    /^PROXY TCP([46]) ([0-9A-Fa-f:.]+) ([0-9A-Fa-f:.]+) ([0-9]{1,5}) ([0-9]{1,5})\r\n$/.exec(line) ?? [];
  const isRight = isIP(source) === Number(family) && isIP(target) === Number(family);
  if (!isRight || Number(port) > 65_535 || Number(targetPort) > 65_535) throw noHeader();
  return { address: source, port: Number(port) };
}

async function readBinary(
  bytes: Pick<ClientReader, 'take'>,
  first: Buffer,
): Promise<ClientSource | undefined> {
  const rest = await bytes.take(SIGNATURE.length - 1);
  if (!Buffer.concat([first, rest]).equals(SIGNATURE)) throw noHeader();
  const head = await bytes.take(4);
  const [versionAndCommand = 0, family] = head;
  const command = versionAndCommand & 0x0f;
  const length = head.readUInt16BE(2);
  const isKnown = versionAndCommand >> 4 === VERSION && (command === LOCAL || command === PROXY);
  if (!isKnown || length > MAX_BODY_BYTES) throw noHeader();
  const body = await bytes.take(length);
  if (command === LOCAL || (family !== TCP4 && family !== TCP6)) return undefined;
  const size = family === TCP4 ? 4 : 16;
  if (body.length < 2 * size + 4) throw noHeader();
  const address = ipaddr.fromByteArray([...body.subarray(0, size)]).toString();
  return { address, port: body.readUInt16BE(2 * size) };
}

function noHeader(): TunnelError {
  return new TunnelError(
    'PROTOCOL_ERROR',
    'There was no header of the PROXY protocol, which proxyProtocol.from asks for from this address.',
  );
}
