import { TunnelError } from '@penstock/wire';
import type { TargetStream } from '../../routing/session-contract.ts';

/**
 * What the target says first, as it comes; undefined when it ends without a word. The stream is then as it was, not
 * flowing. Rejects with TunnelError DIAL_TIMEOUT after `patience` milliseconds, SESSION_LOST when the stream is lost,
 * and with the reason that `signal` is aborted with.
 */
export async function firstChunk(
  target: TargetStream,
  patience: number,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  signal.throwIfAborted();
  const { stream } = target;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>();
  const read = () => {
    const chunk: unknown = stream.read();
    if (Buffer.isBuffer(chunk)) resolve(chunk);
  };
  // A reset gives 'end' as well: only a stream that is whole has said FIN.
  const end = () => (target.isCutShort ? lost() : resolve(undefined));
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
