import type { Http2Stream } from 'node:http2';
import { type CloseCode, TunnelError } from '@penstock/wire';
import type { AcknowledgmentSource, Urgency } from './acknowledgments.ts';
import type { DataStream } from './data-stream.ts';
import { isCutShort } from './near-end.ts';
import type { StreamUse } from './stream-use.ts';

/** The end of a splice on the other side of the tunnel. */
export type FarEnd = {
  /** Carries the bytes. Must not be flowing when it is spliced. */
  readonly stream: DataStream;
  /** Whether an 'end' of the stream is not a FIN: a lost session and a reset emit it too. */
  readonly isCutShort: boolean;
  /** Whether it was reset, by either side. Final once the stream has closed. */
  readonly isReset: boolean;
  /** Why its peer resets it, if the peer has said so. */
  readonly peerResetCode?: CloseCode | undefined;
  /** Whether it was lost together with what carries it, rather than closed by its peer. */
  readonly isLost: boolean;
  /** Set when the connection outlives the stream; both ends must have agreed on it. */
  readonly link?: FarLink;
  /** Ends it by a reset. Does nothing once it is destroyed. */
  reset(code: CloseCode): void;
};

/** How both ends of a connection that outlives its stream report what they have handed on. */
export type FarLink = {
  /** Names the connection at both ends, on every session that carries it. */
  readonly id: string;
  /** Whether its session has a long round trip. */
  readonly isFar: boolean;
  /** How the session is lost if its connection closes now. */
  readonly closeLoss: SessionLoss;
  /** Reports what `source` has received. */
  acknowledge(source: AcknowledgmentSource, urgency: Urgency): void;
  /** `source` has received `count` more bytes, which the peer keeps until it learns of it. */
  acknowledgeBytes(source: AcknowledgmentSource, count: number): void;
  /** Passes on the acknowledgments of the peer and the loss of the session, until `leave` or `close` is called. */
  open(listener: LinkListener): void;
  /** The connection goes on elsewhere, or not at all: another end must not be told. */
  leave(): void;
  /** The connection has ended here. */
  close(): void;
};

/**
 * How a session was lost. `closed`: the connection was closed or reset, as it is when the process of the peer ends.
 * `silent`: the peer did not answer, or has reported the loss itself, or could get no answer from this end.
 */
export type SessionLoss = 'closed' | 'silent';

export type LinkListener = {
  /** Waiting in its stream to be sent. */
  readonly unsentBytes: number;
  /** Not acknowledged by the peer, with those that wait. */
  readonly owedBytes: number;
  /** Moved in both directions. */
  readonly movedBytes: number;
  /**
   * The peer has handed on this many bytes, and one more once it has handed on FIN. With `isReset`, its end was reset, and
   * it hands on nothing more.
   */
  onAcknowledged(received: number, isReset: boolean): void;
  /** The session was lost. The stream may have closed before. */
  onLost(loss: SessionLoss): void;
  /** The session has ended, and its connections with it. Those that still have a stream see the end of that. */
  onStopped(): void;
  /** The session retires: the connection should move to another one. */
  onRetiring(): void;
  /** The session carries too much for one: the connection should move to another one. Missing if it cannot. */
  move?(): void;
};

/** A stream of an HTTP/2 session, or what a connection has of one, as the far end of a splice. */
export class Http2FarEnd<Stream extends Http2Stream | StreamUse = Http2Stream | StreamUse> implements FarEnd {
  readonly stream: Stream;
  readonly link?: FarLink;
  readonly #session: Stream['session'];

  constructor(stream: Stream, link?: FarLink) {
    this.stream = stream;
    if (link !== undefined) this.link = link;
    // Read now: a stream drops the reference to its session when it is destroyed.
    this.#session = stream.session;
  }

  get isCutShort(): boolean {
    return isCutShort(this.stream);
  }

  get isReset(): boolean {
    return this.stream.rstCode !== 0;
  }

  get isLost(): boolean {
    return this.#session?.destroyed !== false;
  }

  reset(code: CloseCode): void {
    // Not close(), which sends END_STREAM first: a truncated answer would look complete.
    if (!this.stream.destroyed) this.stream.destroy(new TunnelError(code));
  }
}
