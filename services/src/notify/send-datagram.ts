import { cFunctions } from '@penstock/runtime';

type Libc = {
  socket(domain: number, type: number, protocol: number): number;
  sendto(
    descriptor: number,
    bytes: Buffer,
    length: bigint,
    flags: number,
    address: Buffer,
    addressLength: number,
  ): bigint;
  close(descriptor: number): number;
};

// linux/socket.h, the same on x64 and arm64.
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MAX_PATH_BYTES = 107;

let loaded: Libc | null | undefined;

/**
 * The C library of this process; undefined where Node cannot call it. Node has no Unix datagram sockets, and a child process
 * for every ping would cost more than the ping. libsystemd is not loaded: its dependencies have no place in this process.
 */
function libc(): Libc | undefined {
  if (loaded === undefined) loaded = process.platform === 'linux' ? (load() ?? null) : null;
  return loaded ?? undefined;
}

const load = () =>
  cFunctions<Libc>({
    socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
    sendto: { arguments: ['int32', 'buffer', 'uint64', 'int32', 'buffer', 'uint32'], return: 'int64' },
    close: { arguments: ['int32'], return: 'int32' },
  });

/** Whether `sendDatagram` works in this process. */
export function canSendDatagrams(): boolean {
  return libc() !== undefined;
}

/**
 * Sends one datagram to a Unix socket without waiting; a leading `@` of its path names an abstract socket. Returns whether
 * the system accepted it.
 */
export function sendDatagram(path: string, text: string): boolean {
  const functions = libc();
  const address = unixAddress(path);
  if (functions === undefined || address === undefined) return false;
  const descriptor = functions.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  try {
    const bytes = Buffer.from(text);
    const sent = functions.sendto(
      descriptor,
      bytes,
      BigInt(bytes.length),
      MSG_DONTWAIT | MSG_NOSIGNAL,
      address,
      address.length,
    );
    return sent === BigInt(bytes.length);
  } finally {
    functions.close(descriptor);
  }
}

/** A sockaddr_un (unix(7)). Undefined for a path that does not fit one. */
function unixAddress(path: string): Buffer | undefined {
  const isAbstract = path.startsWith('@');
  if (!isAbstract && !path.startsWith('/')) return undefined;
  const name = Buffer.from(path);
  if (name.length > MAX_PATH_BYTES) return undefined;
  if (isAbstract) name[0] = 0;
  const family = Buffer.alloc(2);
  family.writeUInt16LE(AF_UNIX);
  return Buffer.concat(isAbstract ? [family, name] : [family, name, Buffer.alloc(1)]);
}
