import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { answerWith } from '../process/ask.ts';
import { TLS_CIPHER } from '../routes/cipher.ts';
import { readAccepted } from './accepted-reader.ts';
import { pour } from './pour.ts';
import { request, trailer } from './target-protocol.ts';

/** Runs in its own process: the target of every route. */
export type TargetHandlers = {
  listen: (argument: { host: string }) => Promise<{ port: number }>;
  /** The same with TLS; certificate and key are PEM. */
  listenTls: (argument: { host: string; certificate: string; key: string }) => Promise<{ port: number }>;
  /** Bytes that sinks have received since the start, and the time of this reading in milliseconds. */
  received: (argument: null) => { bytes: number; at: number };
};

let received = 0;

function serve(accepted: Socket): void {
  const socket = readAccepted(accepted, (bytes) => take(bytes));
  const take = taking(socket);
}

/** Serves a socket as its first byte requests. */
function taking(socket: Socket): (bytes: Buffer) => void {
  let take: ((bytes: Buffer) => void) | undefined;
  socket.on('error', () => socket.destroy());
  return (bytes) => {
    if (take !== undefined) return take(bytes);
    take = roleOf(bytes[0], socket);
    if (bytes.length > 1) take(bytes.subarray(1));
  };
}

async function listen(server: Server, host: string): Promise<{ port: number }> {
  server.listen({ port: 0, host, backlog: 4096 });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The TCP server has no port.');
  return { port: address.port };
}

function roleOf(mode: number | undefined, socket: Socket): (bytes: Buffer) => void {
  switch (mode) {
    case request.sink:
      return sink(socket);
    case request.source:
      return source(socket);
    case request.echo:
      socket.once('end', () => socket.end());
      return (bytes) => socket.write(Buffer.from(bytes));
    case request.once:
      socket.end(Buffer.of(request.once));
      return () => {};
    default:
      socket.destroy();
      return () => {};
  }
}

function sink(socket: Socket): (bytes: Buffer) => void {
  let count = 0;
  socket.once('end', () => socket.end(trailer(count)));
  return (bytes) => {
    count += bytes.length;
    received += bytes.length;
  };
}

function source(socket: Socket): (bytes: Buffer) => void {
  let stopped = false;
  pour(socket, () => stopped).then(
    (count) => socket.end(trailer(count)),
    () => socket.destroy(),
  );
  return () => {
    stopped = true;
  };
}

answerWith({
  listen: ({ host }) => listen(createServer({ allowHalfOpen: true, noDelay: true }, serve), host),
  listenTls({ host, certificate, key }) {
    const options = { cert: certificate, key, ciphers: TLS_CIPHER, allowHalfOpen: true, noDelay: true };
    const server = createTlsServer(options, (socket) => socket.on('data', taking(socket)));
    return listen(server, host);
  },
  received: () => ({ bytes: received, at: performance.now() }),
} satisfies TargetHandlers);
