import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import type { HostPort } from '@penstock/config-schema';
import { deadline } from './deadline.ts';

/**
 * Listens with the shortest backlog, prints its address, and never accepts: its event loop is blocked until it is
 * killed.
 */
const WORKER = `
const { parentPort } = require('node:worker_threads');
const server = require('node:net').createServer();
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
`;
const SETTLED_MS = 200;
const MAX_FILLERS = 16;

/**
 * An address for which the system drops SYNs, like a firewall: connections are neither accepted nor refused. Linux
 * only: elsewhere, a full backlog refuses connections.
 */
export async function startUnresponsive(): Promise<AsyncDisposable & { readonly address: HostPort }> {
  const worker = new Worker(WORKER, { eval: true });
  const [port] = (await deadline('the worker to listen', once(worker, 'message'))) as [number];
  const address = { host: '127.0.0.1', port };
  const fillers: Socket[] = [];
  const close = async () => {
    for (const filler of fillers) filler.destroy();
    await worker.terminate();
  };
  try {
    while (await connects(address, fillers)) {
      if (fillers.length === MAX_FILLERS) throw new Error('The backlog accepts every connection.');
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { address, [Symbol.asyncDispose]: close };
}

/** Returns whether one more connection is accepted; it stays open and fills the backlog. */
async function connects(address: HostPort, fillers: Socket[]): Promise<boolean> {
  const socket = connect(address);
  socket.on('error', () => {});
  fillers.push(socket);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), SETTLED_MS);
  socket.once('connect', () => resolve(true));
  const connected = await promise;
  clearTimeout(timer);
  return connected;
}
