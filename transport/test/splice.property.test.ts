import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { deadline } from '../../test/rig/deadline.ts';
import { resetSocket } from '../src/index.ts';
import { type Joined, TunnelFixture } from './tunnel-fixture.ts';

type Side = 'client' | 'target';
type Step =
  | { readonly do: 'write'; readonly side: Side; readonly bytes: number }
  | { readonly do: 'finish' | 'reset' | 'pause' | 'resume'; readonly side: Side }
  | { readonly do: 'abort'; readonly at: 'atGateway' | 'atAgent' }
  | { readonly do: 'lose-session'; readonly from: 'agentSocket' | 'gatewaySocket' }
  | { readonly do: 'yield' };

const TIME_LIMIT = 100_000;

const side = fc.constantFrom<Side>('client', 'target');
const write = fc.record({
  do: fc.constant('write' as const),
  side,
  bytes: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 2_000_000 })),
});
const polite = fc.record({
  do: fc.constantFrom('finish' as const, 'pause' as const, 'resume' as const),
  side,
});
const wait = fc.record({ do: fc.constant('yield' as const) });
const rude = fc.oneof(
  fc.record({ do: fc.constant('reset' as const), side }),
  fc.record({
    do: fc.constant('abort' as const),
    at: fc.constantFrom('atGateway' as const, 'atAgent' as const),
  }),
  fc.record({
    do: fc.constant('lose-session' as const),
    from: fc.constantFrom('agentSocket' as const, 'gatewaySocket' as const),
  }),
);
const steps = (...kinds: fc.Arbitrary<Step>[]) =>
  fc.array(fc.oneof(...kinds), { minLength: 1, maxLength: 30, size: 'max' });

/** One end under test: what it has sent and received, and how the other direction ended. */
class End {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  readonly #sent: Buffer[] = [];
  readonly #received: Buffer[] = [];
  readonly #seed: number;
  sawFin = false;
  finished = false;

  constructor(socket: Socket, seed: number) {
    this.socket = socket;
    this.#seed = seed;
    socket.on('data', (chunk: Buffer) => this.#received.push(chunk));
    socket.on('end', () => {
      this.sawFin = true;
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    socket.once('close', () => resolve());
  }

  write(bytes: number): void {
    if (!this.socket.writable) return;
    // Neighboring bytes differ, which reveals lost and swapped bytes.
    const at = this.#sent.length;
    const chunk = Buffer.alloc(bytes);
    for (let index = 0; index < bytes; index += 1) chunk[index] = (index * 31 + at * 7 + this.#seed) % 251;
    this.#sent.push(chunk);
    this.socket.write(chunk);
  }

  finish(): void {
    if (!this.socket.writable) return;
    this.finished = true;
    this.socket.end();
  }

  get sent(): Buffer {
    return Buffer.concat(this.#sent);
  }

  get received(): Buffer {
    return Buffer.concat(this.#received);
  }
}

let tunnel: TunnelFixture;
before(async () => {
  tunnel = await TunnelFixture.start();
});
after(() => tunnel[Symbol.asyncDispose]());

async function take(step: Step, ends: Record<Side, End>, joined: Joined): Promise<void> {
  switch (step.do) {
    case 'write':
      ends[step.side].write(step.bytes);
      break;
    case 'finish':
      ends[step.side].finish();
      break;
    case 'pause':
      ends[step.side].socket.pause();
      break;
    case 'resume':
      ends[step.side].socket.resume();
      break;
    case 'reset':
      resetSocket(ends[step.side].socket);
      break;
    case 'abort':
      joined[step.at].abort('DRAIN_TIMEOUT');
      break;
    case 'lose-session':
      tunnel[step.from].destroy();
      break;
    case 'yield':
      await nextTurn();
      break;
  }
}

/** Plays a script, lets both ends read and finish, and returns the result. */
async function play(script: readonly Step[]) {
  if (tunnel.agentSocket.destroyed || tunnel.gatewaySocket.destroyed) {
    await tunnel[Symbol.asyncDispose]();
    tunnel = await TunnelFixture.start();
  }
  const joined = await tunnel.join();
  const ends = { client: new End(joined.client, 3), target: new End(joined.target, 5) };
  for (const step of script) await take(step, ends, joined);
  for (const end of [ends.client, ends.target]) {
    end.socket.resume();
    end.finish();
  }
  const [atGateway, atAgent] = await deadline(
    'both splices and both sockets to end',
    Promise.all([joined.atGateway.done, joined.atAgent.done, ends.client.closed, ends.target.closed]),
  );
  return { ends, codes: [atGateway.code, atAgent.code] };
}

function checkDirection(from: End, to: End): void {
  const { sent } = from;
  const { received } = to;
  assert.ok(
    sent.subarray(0, received.length).equals(received),
    'What came is no beginning of what was sent.',
  );
  if (!to.sawFin) return;
  assert.ok(from.finished, 'An end was seen that nobody sent.');
  assert.equal(received.length, sent.length, 'A truncated answer looked complete.');
}

test('with two well-behaved ends everything arrives and both ends are clean', async () => {
  await fc.assert(
    fc.asyncProperty(steps(write, write, polite, wait), async (script) => {
      const { ends, codes } = await play(script);
      checkDirection(ends.client, ends.target);
      checkDirection(ends.target, ends.client);
      assert.deepEqual([ends.client.sawFin, ends.target.sawFin], [true, true]);
      assert.deepEqual(codes, [undefined, undefined]);
    }),
    { interruptAfterTimeLimit: TIME_LIMIT },
  );
});

test('with resets and lost sessions a prefix arrives, and everything if the end was clean', async () => {
  await fc.assert(
    fc.asyncProperty(steps(write, write, polite, wait, rude), async (script) => {
      const { ends } = await play(script);
      checkDirection(ends.client, ends.target);
      checkDirection(ends.target, ends.client);
    }),
    { interruptAfterTimeLimit: TIME_LIMIT },
  );
});
