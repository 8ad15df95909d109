import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { cFunctions } from '@penstock/runtime';

/** What BBR has measured of a connection. */
export type BbrEstimate = {
  /** Bytes in a millisecond. */
  readonly bandwidth: number;
  /** The shortest of the last ten seconds, in milliseconds. */
  readonly roundTrip: number;
  readonly segmentBytes: number;
  /** Whether BBR is in STARTUP, or has not begun yet. */
  readonly isStartup: boolean;
};

/** TCP options that Node does not offer, of a socket by its file descriptor (tcp(7)). None of these functions throws. */
export type TcpOptions = {
  /** Undefined if the socket is not a connection, or uses another congestion control than BBR. */
  bbrEstimate(fd: number): BbrEstimate | undefined;
  /**
   * Returns BBR to STARTUP with the congestion window that it has; nothing in flight is lost. Returns false if the socket
   * does not use BBR or this process may not choose it.
   */
  restartBbr(fd: number): boolean;
};

type Libc = {
  getsockopt(fd: number, level: number, name: number, value: Buffer, length: Buffer): number;
  setsockopt(fd: number, level: number, name: number, value: Buffer, length: number): number;
};

// linux/in.h and linux/tcp.h, the same on every architecture.
const IPPROTO_TCP = 6;
const TCP_MAXSEG = 2;
const TCP_CONGESTION = 13;
const TCP_CC_INFO = 26;

/** TCP_CA_NAME_MAX (net/tcp.h). */
const NAME_BYTES = 16;
/**
 * struct tcp_bbr_info of BBRv1 (linux/inet_diag.h): the bandwidth in two halves, the round trip in microseconds, and two gains. That of
 * later versions is longer; whether their estimates collapse is not known, so they are left alone.
 */
const BBR_INFO_BYTES = 20;
/** Its pacing gain, of 256, in STARTUP (2/ln 2), and before the first acknowledgment. */
const STARTUP_GAINS: ReadonlySet<number> = new Set([739, 0]);
/** More than any union tcp_cc_info. */
const MAX_INFO_BYTES = 256;

const ALLOWED_FILE = '/proc/sys/net/ipv4/tcp_allowed_congestion_control';

let loaded: TcpOptions | null | undefined;

/** Undefined on systems other than Linux, and where Node cannot call the C library: callers must be able to do without. */
export function tcpOptions(): TcpOptions | undefined {
  if (loaded === undefined) loaded = load() ?? null;
  return loaded ?? undefined;
}

function load(): TcpOptions | undefined {
  if (process.platform !== 'linux' || endianness() !== 'LE') return undefined;
  const libc = cFunctions<Libc>({
    getsockopt: { arguments: ['int32', 'int32', 'int32', 'buffer', 'buffer'], return: 'int32' },
    setsockopt: { arguments: ['int32', 'int32', 'int32', 'buffer', 'uint32'], return: 'int32' },
  });
  return libc && optionsOf(libc);
}

function optionsOf({ getsockopt, setsockopt }: Libc): TcpOptions {
  const get = (fd: number, name: number, maxBytes: number): Buffer | undefined => {
    const value = Buffer.alloc(maxBytes);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(maxBytes);
    if (getsockopt(fd, IPPROTO_TCP, name, value, length) !== 0) return undefined;
    return value.subarray(0, length.readUInt32LE());
  };
  const usesBbr = (fd: number) =>
    get(fd, TCP_CONGESTION, NAME_BYTES)?.toString('latin1').split('\0', 1)[0] === 'bbr';
  const choose = (fd: number, congestionControl: string) => {
    const value = Buffer.from(congestionControl);
    return setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, value, value.length) === 0;
  };
  return {
    bbrEstimate(fd) {
      if (!usesBbr(fd)) return undefined;
      const info = get(fd, TCP_CC_INFO, MAX_INFO_BYTES);
      const segmentBytes = get(fd, TCP_MAXSEG, 4)?.readUInt32LE();
      if (info?.length !== BBR_INFO_BYTES || segmentBytes === undefined) return undefined;
      const bytesPerSecond = info.readUInt32LE(4) * 2 ** 32 + info.readUInt32LE(0);
      return {
        bandwidth: bytesPerSecond / 1000,
        roundTrip: info.readUInt32LE(8) / 1000,
        segmentBytes,
        isStartup: STARTUP_GAINS.has(info.readUInt32LE(12)),
      };
    },
    restartBbr(fd) {
      // Choosing what is in use already changes nothing. Reno is allowed unless somebody has changed that.
      return usesBbr(fd) && isBbrAllowed() && choose(fd, 'reno') && choose(fd, 'bbr');
    },
  };
}

/** A connection may have BBR from its route although this process may not choose it, and could not return to it. */
function isBbrAllowed(): boolean {
  try {
    return readFileSync(ALLOWED_FILE, 'utf8').trim().split(' ').includes('bbr');
  } catch {
    return false;
  }
}
