import type { Duplex } from 'node:stream';
import type { NearEnd } from './near-end.ts';
import type { Forward } from './socket-to-stream.ts';

/** Bytes waiting in the socket at which the stream is no longer read; its window then stops the peer. */
const PAUSE_BYTES = 512 * 1024;

/** A piece no larger than this, with nothing before it, is a message of its own: it is not kept for others. */
const ALONE_BYTES = 1024;

/**
 * Writes what the stream receives to the socket. DATA frames and TLS records do not line up, so a read of the
 * session gives many small pieces: the socket is corked until the poll phase is over, and one writev takes them.
 */
export function forwardToSocket(stream: Duplex, socket: NearEnd, onFin: () => void): Forward {
  const forward = { bytes: 0 };
  let corked = false;
  let paused = false;
  const flush = () => {
    corked = false;
    socket.uncork();
    if (paused && socket.writableLength < PAUSE_BYTES) resume();
  };
  const resume = () => {
    paused = false;
    stream.resume();
  };
  stream.on('data', (chunk: Buffer) => {
    forward.bytes += chunk.length;
    if (!socket.writable) return;
    if (!corked && (chunk.length > ALONE_BYTES || socket.writableLength > 0)) {
      corked = true;
      socket.cork();
      setImmediate(flush);
    }
    socket.write(chunk);
    if (!paused && socket.writableLength >= PAUSE_BYTES) {
      paused = true;
      stream.pause();
    }
  });
  socket.on('drain', () => {
    if (paused) resume();
  });
  stream.once('end', onFin);
  return forward;
}
