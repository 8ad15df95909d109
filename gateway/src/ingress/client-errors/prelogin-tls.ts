import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { releaseChunk, resetSocket, type SocketReader } from '@penstock/transport';
import { TunnelError } from '@penstock/wire';
import type { IngressTls } from '../tls/ingress-tls.ts';
import { PreloginTransport } from './prelogin-transport.ts';

export type PreloginTls = {
  readonly tls: TLSSocket;
  readonly reset: () => void;
  /** Detaches the socket, which stays open. */
  readonly release: () => void;
};

/**
 * Performs the server's side of a TLS handshake inside PRELOGIN packets. `received`: bytes that followed the client's
 * PRELOGIN. Throws TunnelError if the handshake fails, and the signal's reason if that is aborted.
 */
export async function terminatePreloginTls(
  socket: Socket,
  { received, reader }: { readonly received: Buffer; readonly reader: SocketReader | undefined },
  { contextOfTls12 }: IngressTls,
  signal: AbortSignal,
): Promise<PreloginTls> {
  const transport = new PreloginTransport(socket, received);
  const onData = (bytes: Buffer) => transport.receive(bytes);
  if (reader === undefined) socket.on('data', onData);
  else {
    reader.attach((chunk) => {
      onData(Buffer.from(chunk.bytes));
      releaseChunk(chunk);
    });
  }
  const release = () => void socket.off('data', onData);
  const tls = new TLSSocket(transport, { isServer: true, secureContext: contextOfTls12 });
  const reset = () => {
    resetSocket(socket);
    tls.destroy();
  };
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => reject(signal.reason);
  const onClose = () => reject(new TunnelError('CLIENT_GONE'));
  tls.on('error', reject).once('close', onClose).once('secure', resolve);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await promise;
  } catch (error) {
    reset();
    throw error;
  } finally {
    tls.off('close', onClose);
    signal.removeEventListener('abort', onAbort);
  }
  return { tls, reset, release };
}
