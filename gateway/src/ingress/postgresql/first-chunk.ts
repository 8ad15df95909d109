import { TunnelError } from '@penstock/wire';
import type { TargetStream } from '../../routing/session-contract.ts';

/**
 * Reads the first chunk from a target; undefined if it closes without sending anything. The stream is not flowing
 * before and after. Rejects with TunnelError DIAL_TIMEOUT after `timeout` milliseconds, with SESSION_LOST if the stream
 * is lost, and with the signal's reason if that is aborted.
 */
export async function firstChunk(
  target: TargetStream,
  timeout: number,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  signal.throwIfAborted();
  const { stream } = target;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>();
  const onReadable = () => {
    const chunk: unknown = stream.read();
    if (!Buffer.isBuffer(chunk)) return;
    target.countReceived(chunk.length);
    resolve(chunk);
  };
  const onLost = () =>
    reject(new TunnelError('SESSION_LOST', 'The stream was lost before the target responded.'));
  // A reset also causes 'end'. Only on a stream that was not cut short does it mean FIN.
  const onEnd = () => (target.isCutShort ? onLost() : resolve(undefined));
  const onAbort = () => reject(signal.reason);
  const timedOut = `The target did not respond to the TLS request within ${timeout} ms.`;
  const timer = setTimeout(() => reject(new TunnelError('DIAL_TIMEOUT', timedOut)), timeout);
  stream.on('readable', onReadable).once('end', onEnd).once('close', onLost);
  signal.addEventListener('abort', onAbort, { once: true });
  // 'close' may have been emitted before.
  if (stream.destroyed) onLost();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    stream.off('readable', onReadable).off('end', onEnd).off('close', onLost);
    signal.removeEventListener('abort', onAbort);
  }
}
