import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { answerWith } from '../process/ask.ts';
import { readAccepted } from './accepted-reader.ts';
import { pour } from './pour.ts';
import { request, trailer } from './target-protocol.ts';

/** A process of its own: what the connections of every route end at. */
export type TargetHandlers = {
  listen: (argument: { host: string }) => Promise<{ port: number }>;
  /** Bytes that sinks have taken since the start, and when that was so, in milliseconds. */
  received: (argument: null) => { bytes: number; at: number };
};

let received = 0;

function serve(accepted: Socket): void {
  let take: ((bytes: Buffer) => void) | undefined;
  const socket = readAccepted(accepted, (bytes) => {
    if (take !== undefined) return take(bytes);
    take = roleOf(bytes[0], socket);
    if (bytes.length > 1) take(bytes.subarray(1));
  });
  socket.on('error', () => socket.destroy());
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
  async listen({ host }) {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, serve);
    server.listen({ port: 0, host, backlog: 4096 });
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('A TCP server has no port.');
    return { port: address.port };
  },
  received: () => ({ bytes: received, at: performance.now() }),
} satisfies TargetHandlers);
