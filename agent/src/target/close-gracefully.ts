import type { Duplex } from 'node:stream';

/** Time for the peer to close its direction. */
const CLOSE_TIMEOUT_MS = 500;

/**
 * Closes a connection with FIN and discards what is still received, so that the peer sees a regular end and logs no reset.
 * Resolves when the peer has closed its direction, or after a timeout. Never rejects.
 */
export async function closeGracefully(stream: Duplex): Promise<void> {
  stream.on('error', () => {});
  if (stream.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
  stream.once('close', resolve).once('end', resolve);
  stream.resume();
  stream.end();
  await promise;
  clearTimeout(timer);
  stream.destroy();
}
