import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type CloseCode, TunnelError } from '@penstock/wire';
import fc from 'fast-check';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import { type FarEnd, type FarLink, type LinkListener, Splice } from '../src/index.ts';

/** The outer socket of one end: what it has been sent, and what it sends. */
class Outer extends Duplex {
  readonly sent: Buffer[] = [];
  readonly got: Buffer[] = [];
  hasSentFin = false;
  hasGotFin = false;

  constructor() {
    super({ allowHalfOpen: true });
    this.on('error', () => {});
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.got.push(Buffer.from(chunk));
    callback();
  }

  override _final(callback: () => void): void {
    this.hasGotFin = true;
    callback();
  }

  send(bytes: Buffer): void {
    if (this.hasSentFin || this.destroyed) return;
    this.sent.push(bytes);
    this.push(Buffer.from(bytes));
  }

  fin(): void {
    if (this.hasSentFin || this.destroyed) return;
    this.hasSentFin = true;
    this.push(null);
  }
}

type Item = { readonly chunk: Buffer | null; readonly callback: (error?: Error) => void };

/** One end of a simulated stream, whose bytes move only when `deliver` is called. */
class SimulatedStream extends Duplex {
  readonly queue: Item[] = [];
  peer: SimulatedStream | undefined;
  isReset = false;

  constructor() {
    super({ allowHalfOpen: true, autoDestroy: true });
    this.on('error', () => {});
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, callback: Item['callback']): void {
    this.queue.push({ chunk, callback });
  }

  override _final(callback: Item['callback']): void {
    this.queue.push({ chunk: null, callback });
  }

  /** Delivers what was written next, or `part` of it. */
  deliver(part?: number): boolean {
    const item = this.queue.shift();
    if (item === undefined) return false;
    if (part !== undefined && item.chunk !== null && part < item.chunk.length) {
      if (this.peer?.destroyed === false) this.peer.push(item.chunk.subarray(0, part));
      this.queue.unshift({ ...item, chunk: item.chunk.subarray(part) });
      return true;
    }
    if (this.peer?.destroyed === false) this.peer.push(item.chunk);
    item.callback();
    return true;
  }
}

/** A stream of a simulated session between both splices, with the acknowledgments on their way. */
class SimulatedSession {
  isLost = false;
  readonly streams = { left: new SimulatedStream(), right: new SimulatedStream() };
  readonly #listeners = new Map<Side, LinkListener>();
  readonly #pending = new Map<Side, Splice>();

  constructor() {
    this.streams.left.peer = this.streams.right;
    this.streams.right.peer = this.streams.left;
  }

  farEnd(side: Side): FarEnd {
    const session = this;
    const stream = this.streams[side];
    const link: FarLink = {
      id: 'connection',
      acknowledge: (source) => void session.#pending.set(side, source as Splice),
      open: (listener) => void session.#listeners.set(side, listener),
      close: () => void session.#listeners.delete(side),
    };
    return {
      stream,
      link,
      get isCutShort() {
        return stream.destroyed || stream.isReset || session.isLost;
      },
      get isReset() {
        return stream.isReset;
      },
      get isLost() {
        return session.isLost;
      },
      reset(code: CloseCode) {
        if (stream.destroyed) return;
        stream.isReset = true;
        stream.destroy(new TunnelError(code));
        const { peer } = stream;
        // As in HTTP/2, a stream that has closed in both directions takes no reset.
        if (peer === undefined || peer.destroyed || (peer.readableEnded && peer.writableFinished)) return;
        peer.isReset = true;
        peer.destroy();
      },
    };
  }

  acknowledge(side: Side): boolean {
    const source = this.#pending.get(side);
    this.#pending.delete(side);
    if (source === undefined || this.isLost) return false;
    this.#listeners.get(other(side))?.onAcknowledged(source.takeReceived(), source.resetCode !== undefined);
    return true;
  }

  lose(side: Side): void {
    this.isLost = true;
    this.streams[side].destroy();
    this.#listeners.get(side)?.onLost('closed');
  }
}

type Side = 'left' | 'right';
const sides = ['left', 'right'] as const;
const other = (side: Side): Side => (side === 'left' ? 'right' : 'left');

/** Both ends of a connection, and everything that can happen to it. */
class Connection {
  readonly outer = { left: new Outer(), right: new Outer() };
  session = new SimulatedSession();
  readonly splices: Readonly<Record<Side, Splice>>;
  readonly ends: Partial<Record<Side, CloseCode | 'complete'>> = {};
  readonly lost = new Set<Side>();
  wasReset = false;

  constructor() {
    this.splices = { left: this.#splice('left'), right: this.#splice('right') };
  }

  #splice(side: Side): Splice {
    const outer = this.outer[side];
    const splice = new Splice(outer as unknown as Socket, this.session.farEnd(side), {
      halfClosedTimeout: 3_600_000,
      reset: () => void outer.destroy(),
      socketReset: side === 'left' ? 'CLIENT_RESET' : 'TARGET_RESET',
      streamReset: side === 'left' ? 'TARGET_RESET' : 'CLIENT_RESET',
      carry: { onAdrift: () => {} },
    });
    void splice.done.then(({ code }) => {
      this.ends[side] = code ?? 'complete';
    });
    return splice;
  }

  /** One end notices the loss of the session; the other one later, or when it is asked to resume. */
  lose(side: Side): void {
    this.session.lose(side);
  }

  /** What the gateway (left) drives: the agent leaves its stream and answers with what it has received. */
  resume(): void {
    const { left, right } = this.splices;
    if (this.ends.left !== undefined) return;
    if (!left.detach()) return;
    if (this.ends.right !== undefined) {
      left.abandon(this.ends.right === 'complete' ? 'SESSION_LOST' : this.ends.right);
      return;
    }
    const wasAborted = !right.detach();
    if (wasAborted) return;
    const former = this.session;
    const received = { left: left.received, right: right.received };
    this.session = new SimulatedSession();
    right.attach(this.session.farEnd('right'), received.left);
    left.attach(this.session.farEnd('left'), received.right);
    former.isLost = true;
  }

  check(): void {
    for (const side of sides) {
      const got = Buffer.concat(this.outer[side].got);
      const sent = Buffer.concat(this.outer[other(side)].sent);
      assert.ok(got.equals(sent.subarray(0, got.length)), `what ${side} got is a prefix of what was sent`);
      if (this.outer[side].hasGotFin) assert.equal(got.length, sent.length, 'FIN only behind the last byte');
    }
  }

  /** Lets everything happen that still can. */
  async settle(): Promise<void> {
    for (let idle = 0; idle < 3; ) {
      if (this.splices.left.isAdrift || this.splices.right.isAdrift) this.resume();
      let moved = false;
      for (const side of sides) {
        while (this.session.streams[side].deliver()) moved = true;
        if (this.session.acknowledge(side)) moved = true;
      }
      await turn();
      idle = moved ? 0 : idle + 1;
    }
  }

  dispose(): void {
    for (const side of sides) {
      this.splices[side].abort('INTERNAL');
      this.outer[side].destroy();
    }
  }
}

type Action =
  | { readonly do: 'send'; readonly side: Side; readonly count: number }
  | { readonly do: 'deliver'; readonly side: Side; readonly part: number | undefined }
  | { readonly do: 'acknowledge' | 'fin' | 'lose' | 'reset'; readonly side: Side }
  | { readonly do: 'resume' };

const side = fc.constantFrom(...sides);
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      side,
      count: fc.integer({ min: 1, max: 9000 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('deliver' as const),
      side,
      part: fc.option(fc.integer({ min: 1, max: 9000 }), { nil: undefined }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('acknowledge' as const), side }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fin' as const), side }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lose' as const), side }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('resume' as const) }) },
);

let next = 0;
const bytes = (count: number) =>
  Buffer.from(Array.from({ length: count }, () => (next = (next * 31 + 7) & 0xff)));

async function apply(connection: Connection, act: Action): Promise<void> {
  switch (act.do) {
    case 'send':
      connection.outer[act.side].send(bytes(act.count));
      break;
    case 'deliver':
      connection.session.streams[act.side].deliver(act.part);
      break;
    case 'acknowledge':
      connection.session.acknowledge(act.side);
      break;
    case 'fin':
      connection.outer[act.side].fin();
      break;
    case 'lose':
      connection.lose(act.side);
      break;
    case 'reset':
      connection.wasReset = true;
      connection.outer[act.side].destroy();
      break;
    case 'resume':
      connection.resume();
      break;
  }
  await turn();
}

test('whatever is lost and when, each end gets a prefix of what was sent, and all of it before FIN', async () => {
  await using _leaks = expectNoLeaks();
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
      const connection = new Connection();
      try {
        for (const act of actions) {
          await apply(connection, act);
          connection.check();
        }
        for (const each of sides) connection.outer[each].fin();
        await turn();
        await connection.settle();
        connection.check();
        for (const each of sides) {
          assert.equal(connection.ends[each], 'complete', `${each} is complete`);
          assert.ok(connection.outer[each].hasGotFin);
        }
      } finally {
        connection.dispose();
      }
    }),
    { numRuns: 300 },
  );
});

test('a reset of an outer socket is passed on, whatever was lost before', async () => {
  await using _leaks = expectNoLeaks();
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 30 }), side, async (actions, reset) => {
      const connection = new Connection();
      try {
        for (const act of actions.filter((each) => each.do !== 'fin')) await apply(connection, act);
        await apply(connection, { do: 'reset', side: reset });
        await connection.settle();
        connection.check();
        assert.notEqual(connection.ends[reset], undefined);
        assert.notEqual(connection.ends[reset], 'complete');
        assert.equal(connection.outer[other(reset)].hasGotFin, false);
      } finally {
        connection.dispose();
      }
    }),
    { numRuns: 100 },
  );
});

test('a position that is impossible ends the connection', async () => {
  await using _leaks = expectNoLeaks();
  for (const received of [4, 99]) {
    const connection = new Connection();
    connection.outer.left.send(bytes(10));
    await turn();
    await connection.settle();
    assert.equal(connection.splices.left.keptBytes, 0, 'everything is acknowledged');
    connection.lose('left');
    await turn();
    connection.splices.left.attach(new SimulatedSession().farEnd('left'), received);
    await connection.splices.left.done;
    assert.equal(connection.ends.left, 'PROTOCOL_ERROR');
    connection.dispose();
  }
});

test('a reset that is not delivered, because the stream has closed, ends the connection all the same', async () => {
  await using _leaks = expectNoLeaks();
  const connection = new Connection();
  const { session, outer, splices } = connection;
  outer.right.fin();
  await turn();
  session.streams.right.deliver();
  await turn();
  outer.left.fin();
  await turn();
  // The FIN of the left end is on its way, and its stream has closed.
  session.streams.left.peer = undefined;
  session.streams.left.deliver();
  await turn();
  outer.right.destroy();
  await turn();
  assert.equal(connection.ends.right, 'TARGET_RESET');
  assert.equal(connection.ends.left, undefined);
  await connection.settle();
  assert.equal((await splices.left.done).code, undefined, 'nothing is missing at the left end');
  connection.dispose();
});

test('a reset that is reported before the last bytes have arrived does not cut them', async () => {
  await using _leaks = expectNoLeaks();
  const connection = new Connection();
  const { session, outer, splices } = connection;
  outer.left.fin();
  await turn();
  session.streams.left.deliver();
  outer.right.send(bytes(1000));
  outer.right.fin();
  await turn();
  // Everything that the right end has sent is still on its way when its socket is reset.
  splices.left.onAcknowledged(1, true);
  while (session.streams.right.deliver());
  await turn();
  await connection.settle();
  assert.equal((await splices.left.done).code, undefined);
  assert.equal(Buffer.concat(outer.left.got).length, 1000);
  assert.ok(outer.left.hasGotFin);
  connection.dispose();
});

test('a complete connection that waits for an acknowledgment ends with a session that is not lost', async () => {
  await using _leaks = expectNoLeaks();
  const connection = new Connection();
  const { session, outer, splices } = connection;
  outer.left.fin();
  outer.right.fin();
  await turn();
  for (let round = 0; round < 3; round += 1) {
    for (const each of sides) while (session.streams[each].deliver());
    await turn();
  }
  assert.equal(connection.ends.left, undefined);
  splices.left.onStopped();
  assert.equal((await splices.left.done).code, undefined);
  connection.dispose();
});
