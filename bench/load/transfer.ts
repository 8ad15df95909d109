import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type Address, dial } from './dial.ts';
import { pour } from './pour.ts';
import { Tail } from './tail.ts';
import { countIn, request, TRAILER_BYTES } from './target-protocol.ts';

export type Direction = 'up' | 'down';

/** Bytes sent and received on one connection. */
export type Count = { readonly sent: number; readonly arrived: number };

export type Transfer = {
  /** Bytes that this process has received so far. */
  received(): number;
  /** Closes every connection gracefully and compares the counts of both ends. */
  finish(): Promise<readonly Count[]>;
};

/** Starts bulk data on several connections. `up` is from the client to the target. */
export async function startTransfer(
  address: Address,
  direction: Direction,
  streams: number,
): Promise<Transfer> {
  const start = direction === 'up' ? startUp : startDown;
  const running = await Promise.all(Array.from({ length: streams }, () => start(address)));
  return {
    received: () => running.reduce((sum, one) => sum + one.tail.bytes, 0),
    finish: () => Promise.all(running.map((one) => one.finish())),
  };
}

type Running = { readonly tail: Tail; finish(): Promise<Count> };

async function startUp(address: Address): Promise<Running> {
  const { socket, tail, ended } = await open(address);
  socket.write(Buffer.of(request.sink));
  let stopped = false;
  const poured = pour(socket, () => stopped);
  poured.catch(() => {});
  return {
    tail,
    async finish() {
      stopped = true;
      const sent = await poured;
      socket.end();
      await ended;
      return { sent, arrived: tail.bytes === TRAILER_BYTES ? countIn(tail.last) : -1 };
    },
  };
}

async function startDown(address: Address): Promise<Running> {
  const { socket, tail, ended } = await open(address);
  socket.write(Buffer.of(request.source));
  return {
    tail,
    async finish() {
      socket.write(Buffer.of(request.source));
      await ended;
      socket.end();
      return { sent: countIn(tail.last), arrived: tail.bytes - TRAILER_BYTES };
    },
  };
}

async function open(address: Address): Promise<{ socket: Socket; tail: Tail; ended: Promise<unknown> }> {
  const tail = new Tail();
  const socket = await dial(address, (bytes) => tail.take(bytes));
  // A connection that ends with a reset must fail the measurement.
  const ended = once(socket, 'end');
  ended.catch(() => {});
  return { socket, tail, ended };
}
