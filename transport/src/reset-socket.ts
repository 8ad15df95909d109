import type { Socket } from 'node:net';

/**
 * Ends a TCP connection by a reset, which drops what was not sent yet. Libuv refuses that while the system is
 * asked for a FIN, and Node then forgets the descriptor without closing it: the reset waits for the FIN to be out.
 */
export function resetSocket(socket: Socket): void {
  const isFinishing = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (isFinishing && !socket.destroyed) socket.once('finish', () => resetSocket(socket));
  else if (!socket.destroyed) socket.resetAndDestroy();
}
