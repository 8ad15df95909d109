import type { ServerHttp2Stream } from 'node:http2';
import { IdleWaiters } from '@penstock/runtime';
import type { WindowShare } from '@penstock/transport';
import { type CloseCode, type GatewayMessage, limits, TunnelError } from '@penstock/wire';
import type { OpenRequest } from '../routing/session-contract.ts';
import { SessionStream } from './session-stream.ts';

/** Opens and streams at once: the agent holds one stream more, the control stream. */
const MOST = limits.streamsPerSession - 1;

type Waiter = { settle(outcome: SessionStream | TunnelError): void };

/**
 * The opens and data streams of one session. An id lives from its `open` to the arrival of its stream, to its
 * failure or to its deadline, whichever is first; what comes later is reset.
 */
export class DataStreams {
  readonly #prefix: string;
  readonly #send: (message: GatewayMessage) => void;
  readonly #windows: WindowShare;
  readonly #onRoom: () => void;
  readonly #waiters = new Map<string, Waiter>();
  readonly #streams = new Set<ServerHttp2Stream>();
  readonly #idle = new IdleWaiters(() => this.opening + this.open === 0);
  #issued = 0;

  /**
   * `prefix` is the session's own, so that no id means anything on another session. `onRoom` is called when these
   * were full and are no longer.
   */
  constructor(
    prefix: string,
    send: (message: GatewayMessage) => void,
    windows: WindowShare,
    onRoom: () => void,
  ) {
    this.#prefix = prefix;
    this.#send = send;
    this.#windows = windows;
    this.#onRoom = onRoom;
  }

  get opening(): number {
    return this.#waiters.size;
  }

  get open(): number {
    return this.#streams.size;
  }

  /** Whether no further open may be asked. */
  get isFull(): boolean {
    return this.opening + this.open >= MOST;
  }

  /**
   * Asks the agent to dial. Comes back with the data stream, not yet answered: the caller owns it. Throws
   * TunnelError, or the signal's reason.
   */
  request({ timeout, signal, ...open }: OpenRequest): Promise<SessionStream> {
    if (signal.aborted) return Promise.reject(signal.reason);
    this.#issued += 1;
    const id = `${this.#prefix}-${this.#issued}`;
    const { promise, resolve, reject } = Promise.withResolvers<SessionStream>();
    const cancel = (code: CloseCode, error: Error) => {
      this.#send({ type: 'cancel', id, code });
      finish();
      reject(error);
    };
    const abort = () => cancel('CLIENT_GONE', signal.reason);
    const timer = setTimeout(
      () =>
        cancel(
          'DIAL_TIMEOUT',
          new TunnelError('DIAL_TIMEOUT', `The agent did not answer within ${timeout} ms.`),
        ),
      timeout,
    );
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      this.#waiters.delete(id);
      this.#left();
    };
    this.#waiters.set(id, {
      settle(outcome) {
        finish();
        if (outcome instanceof TunnelError) reject(outcome);
        else resolve(outcome);
      },
    });
    signal.addEventListener('abort', abort, { once: true });
    this.#send({ ...open, type: 'open', id, deadline: timeout });
    return promise;
  }

  /** A data stream arrived. False when no open of this session ever had this id: the peer is at fault. */
  arrive(id: string, stream: ServerHttp2Stream): boolean {
    stream.on('error', () => {});
    const waiter = this.#waiters.get(id);
    if (waiter === undefined) {
      // The answer to an open that was canceled: reset, so that the agent drops its target.
      stream.destroy(new TunnelError('CLIENT_GONE'));
      return this.#wasIssued(id);
    }
    if (stream.closed) {
      // Its reset came together with it: the target accepted, and thought better of it.
      stream.destroy(new TunnelError('TARGET_RESET'));
      waiter.settle(new TunnelError('TARGET_RESET'));
      return true;
    }
    this.#streams.add(stream);
    this.#windows.streamOpened();
    stream.once('close', () => {
      this.#streams.delete(stream);
      this.#windows.streamClosed();
      this.#left();
    });
    waiter.settle(new SessionStream(stream));
    return true;
  }

  /** The agent says that an open failed; one that nobody waits for is ignored. */
  fail(id: string, code: CloseCode, detail: string): void {
    this.#waiters.get(id)?.settle(new TunnelError(code, detail));
  }

  /** Ends every open that waits for its stream. */
  refuseAll(error: TunnelError): void {
    for (const waiter of [...this.#waiters.values()]) waiter.settle(error);
  }

  /** Ends every open and every stream. */
  endAll(code: CloseCode): void {
    this.refuseAll(new TunnelError(code));
    for (const stream of this.#streams) stream.destroy(new TunnelError(code));
  }

  /** Resolves when no open and no stream is left. */
  idle(): Promise<void> {
    return this.#idle.wait();
  }

  #wasIssued(id: string): boolean {
    const [prefix, number = '', ...rest] = id.split('-');
    const isOurs = prefix === this.#prefix && rest.length === 0 && /^[1-9][0-9]*$/.test(number);
    return isOurs && Number(number) <= this.#issued;
  }

  /** One open or stream less. */
  #left(): void {
    if (this.opening + this.open === MOST - 1) this.#onRoom();
    this.#idle.notify();
  }
}
