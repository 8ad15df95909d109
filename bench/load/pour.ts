import type { Socket } from 'node:net';

const BLOCK = Buffer.alloc(256 * 1024, 0x70);
/** Writes that finish immediately call back in the same turn, so the event loop needs a turn from time to time. */
const WRITES_A_TURN = 16;

/**
 * Writes as fast as the socket accepts data until `stopped` returns true. Returns the bytes written. Rejects if the
 * socket fails.
 */
export function pour(socket: Socket, stopped: () => boolean): Promise<number> {
  const done = Promise.withResolvers<number>();
  let count = 0;
  let writes = 0;
  const write = () => {
    if (stopped()) return done.resolve(count);
    socket.write(BLOCK, (error) => {
      if (error !== null && error !== undefined) return done.reject(error);
      count += BLOCK.length;
      writes += 1;
      if (writes % WRITES_A_TURN === 0) setImmediate(write);
      else write();
    });
  };
  write();
  return done.promise;
}
