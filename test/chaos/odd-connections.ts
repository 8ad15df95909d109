import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { resetSocket } from '@penstock/transport';
import { LoopbackServer } from '../rig/loopback-server.ts';
import type { Workload } from './workload.ts';

/** How a connection ends, and what its client tells its target of it. */
type Plan = {
  readonly number: number;
  /** Bytes that the client sends, and the target. */
  readonly up: number;
  readonly down: number;
  readonly end: (typeof ends)[number];
  /** Bytes received after which the one that resets does so. */
  readonly resetAfter: number;
};

const ends = [
  'both-finish',
  'target-waits-for-fin',
  'client-waits-for-fin',
  'client-resets',
  'target-resets',
] as const;

/** Number, up, down, end, resetAfter: 32 bits each. */
const HEADER_BYTES = 20;
/** Prime, so that no shift by a buffer or a frame looks right. */
const PATTERN_BYTES = 1_000_003;
const MAX_CHUNK = 150_000;
const PATIENCE_MS = 120_000;

const pattern = randomBytes(PATTERN_BYTES);
const twice = Buffer.concat([pattern, pattern]);

/** What is at `position` of one direction of a connection. */
function partOf(seed: number, position: number, length: number): Buffer {
  const start = (seed * 7_919 + position) % PATTERN_BYTES;
  return twice.subarray(start, start + length);
}

/** One end of a connection: sends its own bytes in odd pieces and compares what it receives. */
class Half {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  received = 0;
  isWrong = false;
  hasEnded = false;
  error: Error | undefined;
  readonly #expected: { readonly seed: number; readonly length: number };
  onProgress = () => {};

  constructor(socket: Socket, expected: { readonly seed: number; readonly length: number }) {
    this.socket = socket;
    this.#expected = expected;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.once('end', () => {
      this.hasEnded = true;
      if (this.received !== expected.length) this.isWrong = true;
      this.onProgress();
    });
    socket.on('error', (error) => {
      this.error = error;
    });
    socket.once('close', () => resolve());
  }

  take(chunk: Buffer): void {
    const { seed, length } = this.#expected;
    if (!chunk.equals(partOf(seed, this.received, chunk.length))) this.isWrong = true;
    this.received += chunk.length;
    if (this.received > length) this.isWrong = true;
    this.onProgress();
  }

  /** Resolves when everything has been handed to the system, or the socket has closed. */
  async send(seed: number, length: number, random: () => number): Promise<void> {
    const { socket } = this;
    for (let position = 0; position < length && !socket.destroyed; ) {
      const size = Math.ceil((random() < 0.5 ? 40 : MAX_CHUNK) * random());
      const part = partOf(seed, position, Math.min(size, length - position));
      position += part.length;
      if (!socket.write(part)) await Promise.race([drained(socket), this.closed]);
      else if (random() < 0.3) await new Promise((resolve) => setTimeout(resolve, 20 * random()));
    }
  }
}

const drained = (socket: Socket) =>
  new Promise<void>((resolve) => void socket.once('drain', () => resolve()));

/** Both ends of one connection agree on what happens. */
async function play(half: Half, side: 'client' | 'target', plan: Plan): Promise<void> {
  const { number, up, down, end, resetAfter } = plan;
  const { socket } = half;
  const own = side === 'client' ? up : down;
  const isResetting = end === `${side}-resets`;
  const fin = Promise.withResolvers<void>();
  half.onProgress = () => {
    if (isResetting && half.received >= resetAfter) resetSocket(socket);
    if (half.hasEnded) fin.resolve();
  };
  half.onProgress();
  await half.send(2 * number + Number(side === 'client'), own, Math.random);
  if (end === `${side}-waits-for-fin`) await Promise.race([fin.promise, half.closed]);
  // An end that is to be reset must not finish: the other one resets once it has received enough.
  if (!end.endsWith('-resets')) socket.end();
  await half.closed;
}

/** A target of connections of odd sizes, in odd pieces, that end in every way. */
export class OddTarget implements AsyncDisposable {
  readonly #server: LoopbackServer;
  readonly #seen: Map<number, Half>;

  private constructor(server: LoopbackServer, seen: Map<number, Half>) {
    this.#server = server;
    this.#seen = seen;
  }

  static async start(): Promise<OddTarget> {
    const seen = new Map<number, Half>();
    const server = await LoopbackServer.start((socket) => serve(socket, seen));
    return new OddTarget(server, seen);
  }

  get port(): number {
    return this.#server.address.port;
  }

  /** Connects to `port`, which leads here, `parallel` at a time. */
  clients(port: number, parallel: number, maxBytes = 3_000_000): Workload & { state(): string } {
    const errors: string[] = [];
    const waiting = new Map<number, Plan>();
    let [done, wrong, count] = [0, 0, 0];
    let isFinishing = false;
    const one = async () => {
      count += 1;
      const plan = planOf(count, maxBytes);
      waiting.set(count, plan);
      const { problem, isWrong } = await exchange(port, plan, this.#seen);
      waiting.delete(plan.number);
      if (isWrong) wrong += 1;
      else if (problem === undefined) done += 1;
      else errors.push(`${JSON.stringify(plan)}: ${problem}`);
    };
    const running = Promise.all(
      Array.from({ length: parallel }, async () => {
        while (!isFinishing) await one();
      }),
    );
    const name = `odd connections, ${parallel} at a time`;
    return {
      name,
      state: () => JSON.stringify({ done, wrong, errors: errors.length, waiting: [...waiting.values()] }),
      async finish() {
        isFinishing = true;
        await running;
        return { workload: name, done, errors, wrong };
      },
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }
}

function planOf(number: number, maxBytes: number): Plan {
  const size = () => Math.floor(maxBytes * Math.random() ** 4);
  const [up, down] = [size(), size()];
  const end = ends[number % ends.length] ?? 'both-finish';
  const resetAfter = Math.floor((end === 'client-resets' ? down : up) * Math.random());
  return { number, up, down, end, resetAfter };
}

function headerOf({ number, up, down, end, resetAfter }: Plan): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  for (const [index, value] of [number, up, down, ends.indexOf(end), resetAfter].entries())
    header.writeUInt32BE(value, 4 * index);
  return header;
}

function planIn(header: Buffer): Plan {
  const word = (index: number) => header.readUInt32BE(4 * index);
  return {
    number: word(0),
    up: word(1),
    down: word(2),
    end: ends[word(3)] ?? 'both-finish',
    resetAfter: word(4),
  };
}

/** Reads the plan that a client sends first, and does the target's part. */
function serve(socket: Socket, seen: Map<number, Half>): void {
  let read = Buffer.alloc(0);
  const onData = (chunk: Buffer) => {
    read = Buffer.concat([read, chunk]);
    if (read.length < HEADER_BYTES) return;
    socket.off('data', onData);
    const plan = planIn(read);
    const half = new Half(socket, { seed: 2 * plan.number + 1, length: plan.up });
    seen.set(plan.number, half);
    if (read.length > HEADER_BYTES) half.take(read.subarray(HEADER_BYTES));
    void play(half, 'target', plan);
  };
  socket.on('data', onData);
}

async function exchange(
  port: number,
  plan: Plan,
  seen: Map<number, Half>,
): Promise<{ readonly problem: string | undefined; readonly isWrong: boolean }> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  const client = new Half(socket, { seed: 2 * plan.number, length: plan.down });
  socket.write(headerOf(plan));
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => {
    socket.destroy(new Error('It did not end in time.'));
    late.resolve(false);
  }, PATIENCE_MS);
  await play(client, 'client', plan);
  const target = seen.get(plan.number);
  const isTold = await Promise.race([late.promise, target?.closed.then(() => true)]);
  clearTimeout(timer);
  seen.delete(plan.number);
  const isWrong = client.isWrong || target?.isWrong === true;
  return { problem: problemOf(plan, client, target, isTold !== false), isWrong };
}

function problemOf(plan: Plan, client: Half, target: Half | undefined, isTold: boolean): string | undefined {
  const facts = `client got ${client.received}${client.hasEnded ? ' and FIN' : ''} (${client.error?.message ?? 'no error'}), target got ${target?.received}${target?.hasEnded ? ' and FIN' : ''} (${target?.error?.message ?? 'no error'})`;
  if (client.isWrong || target?.isWrong === true) return `Wrong bytes: ${facts}.`;
  if (target === undefined)
    return plan.end === 'client-resets' ? undefined : `It never reached its target: ${facts}.`;
  if (!isTold) return `Its target was never told: ${facts}.`;
  if (plan.end.endsWith('-resets')) {
    const other = plan.end === 'client-resets' ? target : client;
    return other.hasEnded ? `A reset became FIN: ${facts}.` : undefined;
  }
  if (!client.hasEnded || !target.hasEnded) return `It was cut: ${facts}.`;
  return undefined;
}
