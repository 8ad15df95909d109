import type { Socket } from 'node:net';

/**
 * Resets a TCP connection, which discards unsent data. While a FIN is being sent, libuv rejects a reset and Node then
 * leaks the descriptor, so in that case the reset is sent after the FIN.
 */
export function resetSocket(socket: Socket): void {
  const isFinishing = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (isFinishing && !socket.destroyed) socket.once('finish', () => resetSocket(socket));
  else if (!socket.destroyed) socket.resetAndDestroy();
}
