import type { ServerHttp2Stream } from 'node:http2';
import { TunnelError } from '@penstock/wire';

/**
 * What the target says first, as it comes; undefined when it ends without a word. The stream is then as it was, not
 * flowing. Rejects with TunnelError DIAL_TIMEOUT after `patience` milliseconds, SESSION_LOST when the stream is lost,
 * and with the reason that `signal` is aborted with.
 */
export async function firstChunk(
  stream: ServerHttp2Stream,
  patience: number,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>();
  const read = () => {
    const chunk: unknown = stream.read();
    if (Buffer.isBuffer(chunk)) resolve(chunk);
  };
  // A reset gives 'end' as well: only a stream that is whole has said FIN.
  const end = () => (stream.aborted || stream.rstCode !== 0 ? lost() : resolve(undefined));
  const lost = () => reject(new TunnelError('SESSION_LOST', 'The way to the target was lost.'));
  const abort = () => reject(signal.reason);
  const late = `The target did not answer the client's wish for TLS within ${patience} ms.`;
  const timer = setTimeout(() => reject(new TunnelError('DIAL_TIMEOUT', late)), patience);
  stream.on('readable', read).once('end', end).once('close', lost);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    stream.off('readable', read).off('end', end).off('close', lost);
    signal.removeEventListener('abort', abort);
  }
}
