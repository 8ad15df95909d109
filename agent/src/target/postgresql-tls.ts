import { releaseChunk } from '@penstock/transport';
import { TunnelError } from '@penstock/wire';
import type { DialedTarget } from './dial-target.ts';

/** SSLRequest: its length, 8, and its code (PostgreSQL documentation, chapter "Message Formats"). */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const YES = 0x53;
const NO = 0x4e;

/**
 * Asks a PostgreSQL server whether it supports TLS, and leaves the socket paused and without listeners, as before. Throws
 * TunnelError TLS_FAILED when the answer is neither yes nor no.
 */
export async function requestTls({ socket, reader }: DialedTarget): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const onClose = () =>
    reject(
      new TunnelError('TLS_FAILED', 'The PostgreSQL server closed the connection when it was asked for TLS.'),
    );
  socket.once('end', onClose).once('close', onClose);
  if (reader === undefined) socket.once('data', resolve);
  else {
    reader.attach((chunk) => {
      resolve(Buffer.from(chunk.bytes));
      releaseChunk(chunk);
    });
  }
  socket.resume();
  socket.write(SSL_REQUEST);
  try {
    return isYes(await promise);
  } finally {
    reader?.detach();
    socket.pause();
    socket.off('end', onClose).off('close', onClose);
  }
}

function isYes(answer: Buffer): boolean {
  const [byte] = answer;
  // Further plaintext bytes would be taken for part of the encrypted stream (CVE-2021-23222).
  if (answer.length === 1 && byte === YES) return true;
  if (answer.length === 1 && byte === NO) return false;
  throw new TunnelError(
    'TLS_FAILED',
    'The server is not a PostgreSQL server: it did not answer the request for TLS.',
  );
}
