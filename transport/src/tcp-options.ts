import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { cFunctions } from '@penstock/runtime';

/** What BBR has measured of a connection: bytes in a millisecond, and milliseconds. */
export type BbrEstimate = { readonly bandwidth: number; readonly roundTrip: number };

/** TCP options that Node does not offer, of a socket by its file descriptor (tcp(7)). None of these functions throws. */
export type TcpOptions = {
  /** Undefined if the socket is no connection, or uses another congestion control than BBR. */
  bbrEstimate(descriptor: number): BbrEstimate | undefined;
  /** Bytes in a segment. Undefined if the socket is no connection. */
  segmentBytes(descriptor: number): number | undefined;
  /** Lets BBR begin again, as with a new connection. Nothing that is underway is lost. */
  restartBbr(descriptor: number): void;
};

type Libc = {
  getsockopt(descriptor: number, level: number, name: number, value: Buffer, length: Buffer): number;
  setsockopt(descriptor: number, level: number, name: number, value: Buffer, length: number): number;
};

// linux/in.h and linux/tcp.h, the same on every architecture.
const IPPROTO_TCP = 6;
const TCP_MAXSEG = 2;
const TCP_CONGESTION = 13;
const TCP_CC_INFO = 26;

/** TCP_CA_NAME_MAX (net/tcp.h). */
const NAME_BYTES = 16;
/** struct tcp_bbr_info (linux/inet_diag.h): the bandwidth in two halves, the round trip in microseconds, and two gains. */
const BBR_INFO_BYTES = 20;
/** The largest of union tcp_cc_info has fewer. */
const MAX_INFO_BYTES = 64;

const ALLOWED_FILE = '/proc/sys/net/ipv4/tcp_allowed_congestion_control';

let loaded: TcpOptions | null | undefined;

/** Undefined if this process may not use BBR, or Node cannot call the C library: whoever asks must be able to do without. */
export function tcpOptions(): TcpOptions | undefined {
  if (loaded === undefined) loaded = load() ?? null;
  return loaded ?? undefined;
}

function load(): TcpOptions | undefined {
  if (process.platform !== 'linux' || endianness() !== 'LE' || !isBbrAllowed()) return undefined;
  const libc = cFunctions<Libc>({
    getsockopt: { arguments: ['int32', 'int32', 'int32', 'buffer', 'buffer'], return: 'int32' },
    setsockopt: { arguments: ['int32', 'int32', 'int32', 'buffer', 'uint32'], return: 'int32' },
  });
  return libc && optionsBy(libc);
}

/** A connection may have BBR from its route although this process may not choose it, and could not return to it. */
function isBbrAllowed(): boolean {
  try {
    return readFileSync(ALLOWED_FILE, 'utf8').trim().split(' ').includes('bbr');
  } catch {
    return false;
  }
}

function optionsBy({ getsockopt, setsockopt }: Libc): TcpOptions {
  const get = (descriptor: number, name: number, maxBytes: number): Buffer | undefined => {
    const value = Buffer.alloc(maxBytes);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(maxBytes);
    if (getsockopt(descriptor, IPPROTO_TCP, name, value, length) !== 0) return undefined;
    return value.subarray(0, length.readUInt32LE());
  };
  const nameOf = (descriptor: number) =>
    get(descriptor, TCP_CONGESTION, NAME_BYTES)?.toString('latin1').split('\0', 1)[0];
  const choose = (descriptor: number, name: string) => {
    const value = Buffer.from(name);
    return setsockopt(descriptor, IPPROTO_TCP, TCP_CONGESTION, value, value.length) === 0;
  };
  return {
    bbrEstimate(descriptor) {
      if (nameOf(descriptor) !== 'bbr') return undefined;
      const info = get(descriptor, TCP_CC_INFO, MAX_INFO_BYTES);
      if (info?.length !== BBR_INFO_BYTES) return undefined;
      const bytesPerSecond = info.readUInt32LE(4) * 2 ** 32 + info.readUInt32LE(0);
      return { bandwidth: bytesPerSecond / 1000, roundTrip: info.readUInt32LE(8) / 1000 };
    },
    segmentBytes: (descriptor) => get(descriptor, TCP_MAXSEG, 4)?.readUInt32LE(),
    restartBbr(descriptor) {
      // Choosing what is in use already changes nothing. Reno is always allowed.
      if (choose(descriptor, 'reno')) choose(descriptor, 'bbr');
    },
  };
}
