import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { TLS_CIPHER } from '../routes/cipher.ts';
import { type AskedProxy, introduce } from './introduce.ts';

export type Address = {
  readonly host: string;
  readonly port: number;
  /** How the client requests its connection at this address; undefined: not necessary. */
  readonly by?: ClientSide;
};

export type ClientSide =
  /** Sends the server name and trusts only this certificate (PEM). */
  { readonly kind: 'tls'; readonly serverName: string; readonly certificate: string } | AskedProxy;

const open = new Set<Socket>();

/** Destroys all sockets that a failed measurement has left open. */
export function dropAll(): void {
  for (const socket of open) socket.destroy();
}

const shared = Buffer.allocUnsafeSlow(256 * 1024);

/** Connects. Every received chunk is passed to `take`, and is valid only until it returns. */
export async function dial(address: Address, take: (bytes: Buffer) => void): Promise<Socket> {
  const socket =
    address.by === undefined ? await dialPlain(address, take) : await dialBy(address, address.by);
  // Waiting code learns of an error from `once`; otherwise an error only closes the socket.
  socket.on('error', () => socket.destroy());
  if (address.by !== undefined) socket.on('data', take);
  return socket;
}

async function dialPlain({ host, port }: Address, take: (bytes: Buffer) => void): Promise<Socket> {
  const socket = connect({
    host,
    port,
    noDelay: true,
    allowHalfOpen: true,
    onread: {
      buffer: shared,
      callback: (length: number) => {
        take(shared.subarray(0, length));
        return true;
      },
    },
  });
  keep(socket);
  await once(socket, 'connect');
  return socket;
}

async function dialBy({ host, port }: Address, by: ClientSide): Promise<Socket> {
  const options = { host, port, noDelay: true, allowHalfOpen: true };
  if (by.kind === 'tls') {
    const { serverName, certificate } = by;
    const secured = connectTls({ ...options, servername: serverName, ca: certificate, ciphers: TLS_CIPHER });
    keep(secured);
    await once(secured, 'secureConnect');
    return secured;
  }
  const socket = connect(options);
  keep(socket);
  await once(socket, 'connect');
  await introduce(socket, by);
  return socket;
}

function keep(socket: Socket): void {
  open.add(socket);
  socket.once('close', () => open.delete(socket));
}
