import type { Socket } from 'node:net';

/** Milliseconds that a client has to take its last message and leave. */
const LAST_MESSAGE_TIMEOUT = 2_000;

/** Sends a last message and ends a client. What it says from now on is thrown away, so that the message gets through. */
export function endWith(socket: Socket, message: Buffer | string): void {
  if (socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), LAST_MESSAGE_TIMEOUT);
  socket.once('close', () => clearTimeout(timer)).once('end', () => socket.destroySoon());
  socket.end(message);
  socket.resume();
}
