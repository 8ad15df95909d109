import type { Duplex } from 'node:stream';
import { type PooledChunk, releaseChunk } from './chunk-pool.ts';
import type { NearEnd } from './near-end.ts';
import type { SocketReader } from './socket-reader.ts';

/** Unsent bytes in the stream at which the socket is paused, and resumed. */
const PAUSE_BYTES = 512 * 1024;
const RESUME_BYTES = 256 * 1024;

export type Forward = {
  /** Bytes read from the source so far. */
  readonly bytes: number;
};

/**
 * Writes data from the socket to the stream, and pauses the socket while the stream has too much unsent data. The
 * callback of a write is called when its bytes have left the session, so the flow control of the peer reaches the
 * socket.
 */
export function forwardToStream(
  socket: NearEnd,
  reader: SocketReader | undefined,
  stream: Duplex,
  onFin: () => void,
): Forward {
  const forward = { bytes: 0 };
  let paused = false;
  const resumeWhenRoom = () => {
    if (paused && stream.writableLength <= RESUME_BYTES) {
      paused = false;
      socket.resume();
    }
  };
  const pauseWhenFull = () => {
    if (!paused && stream.writableLength >= PAUSE_BYTES) {
      paused = true;
      socket.pause();
    }
  };
  const deliver = (chunk: Buffer) => {
    forward.bytes += chunk.length;
    if (!stream.writable) return;
    stream.write(chunk, resumeWhenRoom);
    pauseWhenFull();
  };
  const deliverPooled = (chunk: PooledChunk) => {
    forward.bytes += chunk.bytes.length;
    if (!stream.writable) return;
    stream.write(chunk.bytes, (error) => {
      // After an error the session may still reference the bytes, so their memory is not returned to the pool.
      if (!error) releaseChunk(chunk);
      resumeWhenRoom();
    });
    pauseWhenFull();
  };
  socket.once('end', onFin);
  if (reader === undefined) socket.on('data', deliver);
  else reader.attach(deliverPooled);
  socket.resume();
  return forward;
}
