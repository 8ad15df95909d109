import { dlopen } from 'node:ffi';

// linux/socket.h, the same on x64 and arm64.
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MAX_BYTES = 4096;

type Libc = {
  socket(domain: number, type: number, protocol: number): number;
  bind(descriptor: number, address: Buffer, length: number): number;
  recv(descriptor: number, buffer: Buffer, length: bigint, flags: number): bigint;
  close(descriptor: number): number;
};

let libc: Libc | undefined;

function loadLibc(): Libc {
  const { functions } = dlopen(null, {
    socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
    bind: { arguments: ['int32', 'buffer', 'uint32'], return: 'int32' },
    recv: { arguments: ['int32', 'buffer', 'uint64', 'int32'], return: 'int64' },
    close: { arguments: ['int32'], return: 'int32' },
  });
  return functions as unknown as Libc;
}

/**
 * The abstract socket on which a service manager hears its services (sd_notify(3)). Node has no Unix datagram sockets, so
 * the C library is asked.
 */
export class NotifySocket implements Disposable {
  readonly #libc: Libc;
  readonly #descriptor: number;
  readonly #buffer = Buffer.alloc(MAX_BYTES);

  /** `name` begins with `@`. */
  constructor(name: string) {
    libc ??= loadLibc();
    this.#libc = libc;
    const family = Buffer.alloc(2);
    family.writeUInt16LE(AF_UNIX);
    const address = Buffer.concat([family, Buffer.from(`\0${name.slice(1)}`)]);
    this.#descriptor = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (this.#descriptor < 0 || libc.bind(this.#descriptor, address, address.length) < 0)
      throw new Error(`The socket ${name} cannot be opened.`);
  }

  /** The variables of each message that has arrived, without waiting for one. */
  *receive(): Generator<readonly string[]> {
    for (;;) {
      const received = this.#libc.recv(this.#descriptor, this.#buffer, BigInt(MAX_BYTES), MSG_DONTWAIT);
      if (received <= 0n) return;
      yield this.#buffer.toString('utf8', 0, Number(received)).split('\n');
    }
  }

  [Symbol.dispose](): void {
    this.#libc.close(this.#descriptor);
  }
}
