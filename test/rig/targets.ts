import type { Socket } from 'node:net';
import { LoopbackServer } from './loopback-server.ts';
import { pseudorandomStream, type Received, receive } from './pseudorandom.ts';

/** A TCP target on loopback; `address`, `accepted` and `open` say where it is and who is there. */
export type Target = LoopbackServer;

/** Sends back what comes, FIN included. */
export function startEcho(): Promise<Target> {
  return LoopbackServer.start((socket) => {
    socket.on('data', (chunk: Buffer) => {
      if (!socket.write(chunk)) socket.pause();
    });
    socket.on('drain', () => socket.resume());
    socket.on('end', () => socket.end());
  });
}

/** Speaks first, as MySQL does, then echoes. */
export function startGreeter(greeting: string): Promise<Target> {
  return LoopbackServer.start((socket) => {
    socket.write(greeting);
    socket.on('data', (chunk: Buffer) => socket.write(chunk));
    socket.on('end', () => socket.end());
  });
}

/** Sends `bytes` pseudorandom bytes of `seed`, then FIN. */
export function startSource(bytes: number, seed: number): Promise<Target> {
  return LoopbackServer.start((socket) => {
    socket.resume();
    pseudorandomStream(bytes, seed).pipe(socket);
  });
}

/** Accepts, then neither reads nor says anything. */
export function startHanging(): Promise<Target> {
  return LoopbackServer.start((socket) => socket.pause());
}

/**
 * Answers the first bytes that come with `bytes` pseudorandom bytes of `seed`, then resets the connection: a
 * truncated answer. The reset may overtake bytes the reader has no room for, so only some 32 KiB are sure to
 * arrive whole.
 */
export function startResetting(bytes: number, seed: number): Promise<Target> {
  return LoopbackServer.start((socket) => {
    socket.once('data', () => {
      const stream = pseudorandomStream(bytes, seed);
      stream.on('end', () => socket.write('', () => socket.resetAndDestroy()));
      stream.pipe(socket, { end: false });
    });
  });
}

/** Reads until FIN and only then answers, with what `answer` makes of all that came; then FIN. */
export function startAnsweringAfterFin(answer: (request: Buffer) => Buffer | string): Promise<Target> {
  return LoopbackServer.start((socket) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => socket.end(answer(Buffer.concat(chunks))));
  });
}

/** A target that says of each connection, in the order of accepting, what it received. */
export type ReceivingTarget = AsyncDisposable &
  Pick<Target, 'address' | 'accepted' | 'open'> & {
    /** Settles when the next connection that was not asked for yet has ended its side. */
    received(): Promise<Received>;
  };

/** Hashes what comes, and closes after FIN. */
export function startSink(): Promise<ReceivingTarget> {
  return startReceiving((socket) => socket.on('end', () => socket.end()));
}

/** Sends and hashes at once: the load that finds write deadlocks. */
export function startSourceAndSink(bytes: number, seed: number): Promise<ReceivingTarget> {
  return startReceiving((socket) => pseudorandomStream(bytes, seed).pipe(socket));
}

async function startReceiving(onConnection: (socket: Socket) => void): Promise<ReceivingTarget> {
  const results: Promise<Received>[] = [];
  const waiting: ((result: Promise<Received>) => void)[] = [];
  const server = await LoopbackServer.start((socket) => {
    const result = receive(socket);
    const next = waiting.shift();
    if (next === undefined) results.push(result);
    else next(result);
    onConnection(socket);
  });
  return {
    get address() {
      return server.address;
    },
    get accepted() {
      return server.accepted;
    },
    get open() {
      return server.open;
    },
    received: () => results.shift() ?? new Promise((resolve) => waiting.push(resolve)),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
