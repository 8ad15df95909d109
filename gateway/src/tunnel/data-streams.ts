import type { ServerHttp2Stream } from 'node:http2';
import { BriefMap, BriefSet } from '@penstock/runtime';
import {
  emptyClosed,
  ReusableStream,
  type ReusePort,
  type SessionLinks,
  type StreamUse,
  type UntoldEnds,
  type WindowShare,
} from '@penstock/transport';
import { type CloseCode, type GatewayMessage, limits, TunnelError, type Unsent } from '@penstock/wire';
import type { OpenRequest } from '../routing/session-contract.ts';
import { SessionStream } from './session-stream.ts';

/** Opens and streams of one session. The control stream is a stream too. */
const MAX_STREAMS = limits.streamsPerSession - 1;

/** Milliseconds that the agent's answer may need on its way. */
const MAX_ANSWER_TIME_MS = 500;

/**
 * The deadline for the agent, shorter than the gateway's own: an agent whose target is silent says so before the gateway
 * takes the agent for silent. A tenth of short deadlines.
 */
const agentDeadline = (timeout: number) =>
  Math.max(1, Math.ceil(timeout - Math.min(MAX_ANSWER_TIME_MS, timeout / 10)));

type Waiter = {
  /** Names the connection if it may outlive the session. */
  readonly carried: string | undefined;
  /** Whether the open goes on with a connection, which outlives what happens to this session. */
  readonly isResume: boolean;
  settle(outcome: SessionStream | TunnelError): void;
};

/**
 * The opens and data streams of one session. An open ends with the arrival of its stream, its failure, its deadline or
 * its cancellation, whichever is first. A stream that arrives later is reset.
 */
export class DataStreams {
  readonly #prefix: string;
  readonly #send: (message: Unsent<GatewayMessage>) => void;
  readonly #windows: WindowShare;
  readonly #links: SessionLinks;
  readonly #untold: UntoldEnds;
  readonly #onRoom: () => void;
  readonly #waiters = new BriefMap<string, Waiter>();
  readonly #streams = new BriefSet<ServerHttp2Stream | StreamUse>();
  readonly #reuse: ReusePort;
  #issued = 0;
  #ending: CloseCode | undefined;

  /**
   * `prefix` is unique to the session and cannot be guessed, so an id is never valid on another session. `onRoom` is called when `isFull`
   * changes to false, `onViolation` when the agent has done what it must not.
   */
  constructor(
    prefix: string,
    send: (message: Unsent<GatewayMessage>) => void,
    windows: WindowShare,
    links: SessionLinks,
    untold: UntoldEnds,
    onRoom: () => void,
    onViolation: (detail: string) => void,
  ) {
    this.#prefix = prefix;
    this.#send = send;
    this.#windows = windows;
    this.#links = links;
    this.#untold = untold;
    this.#onRoom = onRoom;
    this.#reuse = {
      onStart: (id, stream) => {
        if (!this.#begin(id, stream.stream as ServerHttp2Stream, stream.use, 0)) onViolation(notIssued(id));
      },
      onViolation,
    };
  }

  get opening(): number {
    return this.#waiters.size;
  }

  get open(): number {
    return this.#streams.size;
  }

  /** Whether the session has as many opens and streams as it may. */
  get isFull(): boolean {
    return this.opening + this.open >= MAX_STREAMS;
  }

  /**
   * Asks the agent to dial, and resolves with the data stream, which the caller owns. Rejects with TunnelError, or with
   * the reason of the signal.
   */
  request({ timeout, signal, onSilent: _, ...open }: OpenRequest): Promise<SessionStream> {
    if (signal.aborted) return Promise.reject(signal.reason);
    this.#issued += 1;
    const id = `${this.#prefix}-${this.#issued}`;
    const { promise, resolve, reject } = Promise.withResolvers<SessionStream>();
    if (open.carry !== undefined) this.#untold.requested(id);
    const cancel = (code: CloseCode, error: Error) => {
      this.#send({ type: 'cancel', id, code });
      this.#untold.abandoned(id);
      finish();
      reject(error);
    };
    const abort = () => cancel('CLIENT_GONE', signal.reason);
    const timer = setTimeout(
      () =>
        cancel(
          'DIAL_TIMEOUT',
          new TunnelError('AGENT_TIMEOUT', `The agent did not answer within ${timeout} ms.`),
        ),
      timeout,
    );
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      this.#waiters.delete(id);
      this.#removed();
    };
    this.#waiters.set(id, {
      isResume: open.resume !== undefined,
      carried: open.resume?.of ?? (open.carry === undefined ? undefined : id),
      settle(outcome) {
        finish();
        if (outcome instanceof TunnelError) reject(outcome);
        else resolve(outcome);
      },
    });
    signal.addEventListener('abort', abort, { once: true });
    this.#send({ ...open, type: 'open', id, deadline: agentDeadline(timeout) });
    return promise;
  }

  /**
   * Takes in a data stream; `received` is what the agent has handed on, when the connection may outlive it. One that `isReusable` can
   * carry further connections. Returns false when no open of this session ever had its id, which is a protocol error.
   */
  arrive(id: string, stream: ServerHttp2Stream, received: number | undefined, isReusable = false): boolean {
    if (isReusable && this.#waiters.has(id) && !stream.closed) {
      const { use } = new ReusableStream(stream, this.#reuse);
      return this.#begin(id, stream, use, received);
    }
    stream.on('close', () => emptyClosed(stream));
    return this.#begin(id, stream, stream, received);
  }

  /** `request` opened the stream, and `stream` is what the connection has of it. */
  #begin(
    id: string,
    request: ServerHttp2Stream,
    stream: ServerHttp2Stream | StreamUse,
    received: number | undefined,
  ): boolean {
    stream.on('error', () => {});
    const waiter = this.#waiters.get(id);
    if (waiter === undefined) {
      // The open was canceled before its stream arrived. The reset makes the agent drop its target.
      stream.destroy(new TunnelError('CLIENT_GONE'));
      return this.#wasIssued(id);
    }
    if (request.closed) {
      // The stream and its reset arrived together: the target accepted the connection, then reset it.
      stream.destroy(new TunnelError('TARGET_RESET'));
      this.#untold.refused(id);
      // A resume has no target to connect: its stream ended with a session of the agent.
      waiter.settle(new TunnelError(waiter.isResume ? 'SESSION_LOST' : 'TARGET_RESET'));
      return true;
    }
    const leave = this.#streams.add(stream);
    this.#windows.streamOpened();
    stream.on('close', () => {
      leave();
      this.#windows.streamClosed();
      this.#untold.abandoned(id);
      this.#removed();
    });
    const { carried } = waiter;
    const link = carried === undefined || received === undefined ? undefined : this.#links.link(carried);
    waiter.settle(new SessionStream(stream, request, () => this.#ending, link, received));
    return true;
  }

  /** Fails an open as the agent reported. Ignored when the open has ended. */
  fail(id: string, code: CloseCode, detail: string): void {
    this.#untold.refused(id);
    this.#waiters.get(id)?.settle(new TunnelError(code, detail));
  }

  /** Fails every open whose stream has not arrived. */
  refuseAll(error: TunnelError): void {
    for (const waiter of [...this.#waiters.values()]) {
      waiter.settle(waiter.isResume ? new TunnelError('SESSION_LOST') : error);
    }
  }

  /** The agent resets its streams from now on, with this code: their targets are not at fault. */
  peerEnds(code: CloseCode): void {
    this.#ending = code;
  }

  /** Fails every open and resets every stream. */
  endAll(code: CloseCode, detail?: string): void {
    const error = new TunnelError(code, detail);
    this.refuseAll(error);
    for (const stream of this.#streams) stream.destroy(error);
  }

  #wasIssued(id: string): boolean {
    const [prefix, number = '', ...rest] = id.split('-');
    const isOurs = prefix === this.#prefix && rest.length === 0 && /^[1-9][0-9]*$/.test(number);
    return isOurs && Number(number) <= this.#issued;
  }

  /** Called after an open or a stream was removed. */
  #removed(): void {
    if (this.opening + this.open === MAX_STREAMS - 1) this.#onRoom();
  }
}

/** Says what is wrong when `arrive` has returned false. */
export const notIssued = (id: string) => `Stream ${id} does not belong to an open of this session.`;
