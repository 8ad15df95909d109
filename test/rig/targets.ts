import type { Socket } from 'node:net';
import { resetSocket } from '@penstock/transport';
import { LoopbackServer } from './loopback-server.ts';
import { pseudorandomStream, type Received, receive } from './pseudorandom.ts';

/** A TCP target on loopback; `address` is where it listens, `accepted` and `open` count its connections. */
export type Target = LoopbackServer;

/** Echoes everything, including FIN. */
export function startEcho(): Promise<Target> {
  return LoopbackServer.start((socket) => {
    socket.on('data', (chunk: Buffer) => {
      if (!socket.write(chunk)) socket.pause();
    });
    socket.on('drain', () => socket.resume());
    socket.on('end', () => socket.end());
  });
}

/** Sends first, like MySQL, then echoes. */
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

/** Accepts, then neither reads nor sends anything. */
export function startHanging(): Promise<Target> {
  return LoopbackServer.start((socket) => socket.pause());
}

/**
 * Answers the first received bytes with `bytes` pseudorandom bytes of `seed`, then resets the connection: a truncated
 * answer. The reset may overtake bytes for which the reader has no room, so only about 32 KiB are certain to arrive.
 */
export function startResetting(bytes: number, seed: number): Promise<Target> {
  return LoopbackServer.start((socket) => {
    socket.once('data', () => {
      const stream = pseudorandomStream(bytes, seed);
      stream.on('end', () => socket.write('', () => resetSocket(socket)));
      stream.pipe(socket, { end: false });
    });
  });
}

/** Reads until FIN, then sends the result of `answer` for everything received, then FIN. */
export function startAnsweringAfterFin(answer: (request: Buffer) => Buffer | string): Promise<Target> {
  return LoopbackServer.start((socket) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => socket.end(answer(Buffer.concat(chunks))));
  });
}

/** A target that reports what it received on each connection, in the order of acceptance. */
export type ReceivingTarget = AsyncDisposable &
  Pick<Target, 'address' | 'accepted' | 'open'> & {
    /** Resolves when the next connection that has not been returned yet has ended its side. */
    received(): Promise<Received>;
  };

/** Hashes everything received, and closes after FIN. */
export function startSink(): Promise<ReceivingTarget> {
  return startReceiving((socket) => socket.on('end', () => socket.end()));
}

/** Sends and hashes concurrently, which would reveal write deadlocks. */
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
