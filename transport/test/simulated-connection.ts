import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { type CloseCode, TunnelError } from '@penstock/wire';
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
export class SimulatedSession {
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
      isFar: false,
      id: 'connection',
      closeLoss: 'closed',
      acknowledge: (source) => void session.#pending.set(side, source as Splice),
      acknowledgeBytes: (source) => void session.#pending.set(side, source as Splice),
      open: (listener) => void session.#listeners.set(side, listener),
      leave: () => void session.#listeners.delete(side),
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

export type Side = 'left' | 'right';
export const sides = ['left', 'right'] as const;
export const other = (side: Side): Side => (side === 'left' ? 'right' : 'left');

/** Both ends of a connection, and everything that can happen to it. */
export class Connection {
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
