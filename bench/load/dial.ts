import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export type Address = { readonly host: string; readonly port: number };

const open = new Set<Socket>();

/** Drops whatever a failed measurement has left open. */
export function dropAll(): void {
  for (const socket of open) socket.destroy();
}

const shared = Buffer.allocUnsafeSlow(256 * 1024);

/** Connects; every piece that comes is handed to `take`, and is valid only until it returns. */
export async function dial(address: Address, take: (bytes: Buffer) => void): Promise<Socket> {
  const socket = connect({
    ...address,
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
  open.add(socket);
  socket.once('close', () => open.delete(socket));
  await once(socket, 'connect');
  // Whoever waits for this socket is told by `once`; with nobody waiting an error only ends the socket.
  socket.on('error', () => socket.destroy());
  return socket;
}
