import { releaseChunk } from '@penstock/transport';
import { TunnelError } from '@penstock/wire';
import type { DialedTarget } from './dial-target.ts';

/** SSLRequest: its length, 8, and its code (PostgreSQL's protocol, chapter "Message Formats"). */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const YES = 0x53;
const NO = 0x4e;

/**
 * Asks a PostgreSQL server whether it speaks TLS, and leaves the socket as it was. Throws TunnelError TLS_FAILED when
 * the answer is neither yes nor no.
 */
export async function askForTls({ socket, reader }: DialedTarget): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const gone = () =>
    reject(new TunnelError('TLS_FAILED', 'The PostgreSQL server left when it was asked for TLS.'));
  socket.once('end', gone).once('close', gone);
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
    socket.off('end', gone).off('close', gone);
  }
}

function isYes(answer: Buffer): boolean {
  const [byte] = answer;
  // More than one byte in clear would pass for part of what comes encrypted (CVE-2021-23222).
  if (answer.length === 1 && byte === YES) return true;
  if (answer.length === 1 && byte === NO) return false;
  throw new TunnelError(
    'TLS_FAILED',
    'What answers there is no PostgreSQL server: it did not say whether it speaks TLS.',
  );
}
