import type { Duplex } from 'node:stream';
import type { NearEnd } from './near-end.ts';
import type { Forward } from './socket-to-stream.ts';

/** Unsent bytes in the socket at which the stream is paused. Its receive window then stops the peer. */
const PAUSE_BYTES = 512 * 1024;

/** A chunk of at most this many bytes with nothing queued before it is written without waiting for others. */
const UNCORKED_BYTES = 1024;

/**
 * Writes data from the stream to the socket. DATA frames and TLS records are not aligned, so one read of the session
 * yields many small chunks. The socket is corked until the end of the poll phase, and one writev sends them.
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
    if (!corked && (chunk.length > UNCORKED_BYTES || socket.writableLength > 0)) {
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
