import type { ServerHttp2Stream } from 'node:http2';
import {
  type AcknowledgmentSource,
  Http2FarEnd,
  type LinkListener,
  releaseAfter,
  type SessionLoss,
} from '@penstock/transport';
import type { CloseCode } from '@penstock/wire';
import type { TargetStream } from '../routing/session-contract.ts';
import { RelayDirection } from './relay-direction.ts';
import { ACCEPT } from './relayed-stream.ts';

export type RelayOptions = {
  /** The target was handed something; `source` is asked for it when the peer is told. */
  readonly acknowledge: (source: AcknowledgmentSource) => void;
  /** The session of the agent was lost, or retires. Called for each of its relays. */
  readonly onLost: (loss: SessionLoss) => void;
  readonly onRetiring: () => void;
  /** Milliseconds for which the stream of the agent is kept when the peer was lost. */
  readonly keptWithoutPeer: () => number;
  /** Called once, when nothing is joined anymore. */
  readonly onDone: (relay: Relay) => void;
};

/** Milliseconds for the peer to leave a stream whose session was lost. */
const LEAVE_TIMEOUT_MS = 10_000;
/** Milliseconds without an acknowledgment after which streams that have ended, and of which only FIN may be owed, are left. */
const LAST_ACKNOWLEDGMENT_MS = 10_000;

/** Where a connection was when its stream began: what either end had handed on, and whether it had another stream before. */
export type RelayStart = { readonly byTarget: number; readonly byClient: number; readonly isResume: boolean };

/**
 * Joins the stream of a peer with the stream of an agent. It keeps nothing: both ends of the connection do, at the client
 * and at the target, and they go on over another path when this one is lost. Only what ends the connection itself is
 * passed on, FIN as END_STREAM and a reset as RST_STREAM.
 */
export class Relay implements LinkListener {
  /** Undefined when the connection ends with its stream. */
  readonly id: string | undefined;
  readonly #options: RelayOptions;
  readonly #stream: ServerHttp2Stream;
  readonly #peerEnd: Http2FarEnd<ServerHttp2Stream>;
  readonly #target: TargetStream;
  readonly #toPeer: RelayDirection;
  readonly #toAgent: RelayDirection;
  readonly #isResume: boolean;
  #life: 'unaccepted' | 'joined' | 'left' = 'unaccepted';
  /** Runs once both streams have ended. */
  #timer: NodeJS.Timeout | undefined;

  /** `stream` has been answered, and the target is connected. */
  constructor(stream: ServerHttp2Stream, target: TargetStream, start: RelayStart, options: RelayOptions) {
    this.#options = options;
    this.#stream = stream;
    this.#peerEnd = new Http2FarEnd(stream);
    this.#target = target;
    this.id = target.link?.id;
    this.#isResume = start.isResume;
    const id = this.id ?? '';
    this.#toPeer = new RelayDirection(id, stream, start.byClient);
    this.#toAgent = new RelayDirection(id, target.stream, start.byTarget);
    target.link?.open(this);
    target.stream.on('error', () => {});
    target.stream.once('close', () => this.#onTargetClose()).once('end', () => this.#onTargetEnd());
    stream.once('close', () => this.#onPeerClose()).once('end', () => this.#onPeerEnd());
    stream.once('data', (chunk: Buffer) => this.#accept(chunk));
    // A target that speaks first is not held up: what it says waits at the peer.
    this.#toPeer.attach(target.stream);
    if (target.stream.readableEnded) this.#onTargetEnd();
    if (target.stream.destroyed) this.#onTargetClose();
  }

  get hasLeft(): boolean {
    return this.#life === 'left';
  }

  get unsentBytes(): number {
    return this.#target.stream.writableLength;
  }

  get owedBytes(): number {
    return this.#toAgent.owedBytes;
  }

  get movedBytes(): number {
    return this.#toAgent.bytes + this.#toPeer.bytes;
  }

  /** The client has been handed this many bytes, and one more once FIN was. */
  acknowledged(received: number, reset: CloseCode | undefined): void {
    this.#toPeer.acknowledged(received, reset);
    this.#target.link?.acknowledge(this.#toPeer, 'now');
    this.#settle();
  }

  onAcknowledged(received: number, isReset: boolean): void {
    this.#toAgent.acknowledged(received, isReset ? 'TARGET_RESET' : undefined);
    this.#options.acknowledge(this.#toAgent);
    this.#settle();
  }

  onLost(loss: SessionLoss): void {
    this.#options.onLost(loss);
    this.#leave();
  }

  /** The peer learns of the end of the session from the directory. */
  onStopped(): void {
    this.#leave();
  }

  onRetiring(): void {
    this.#options.onRetiring();
  }

  #accept(chunk: Buffer): void {
    if (this.#life !== 'unaccepted') return;
    if (chunk[0] !== ACCEPT[0]) {
      this.#peerEnd.reset('PROTOCOL_ERROR');
      return;
    }
    try {
      this.#target.accept();
    } catch {
      // The stream has closed, and its listener says how.
      return;
    }
    this.#life = 'joined';
    this.#toAgent.attach(this.#stream, chunk.subarray(ACCEPT.length));
  }

  #onPeerEnd(): void {
    if (this.#life === 'joined' && !this.#peerEnd.isCutShort) this.#toAgent.finish();
  }

  #onTargetEnd(): void {
    if (this.#life !== 'left' && !this.#target.isCutShort) this.#toPeer.finish();
  }

  #onTargetClose(): void {
    if (this.#life === 'left') return;
    if (this.#target.isLost) {
      // The connection may go on. The peer is told of the session, and ends the stream.
      this.#leave();
    } else if (this.#target.isReset || this.#life === 'unaccepted') {
      this.#peerEnd.reset('TARGET_RESET');
      this.#end();
    } else this.#settle();
  }

  #onPeerClose(): void {
    if (this.#life === 'left') return;
    const { isLost, isReset } = this.#peerEnd;
    if (isLost && this.#life === 'joined' && this.#target.link !== undefined) {
      this.#hang();
      this.#leave();
    } else if (isLost || isReset || this.#life === 'unaccepted') {
      this.#target.refuse(this.#life === 'joined' ? 'CLIENT_RESET' : 'CLIENT_GONE');
      this.#end();
    } else this.#settle();
  }

  /**
   * The peer was lost, but its client may be there: the connection goes on when the agent is asked by another path, which
   * ends this stream. A reset would end it at the target.
   */
  #hang(): void {
    const { stream } = this.#target;
    const timer = setTimeout(() => this.#target.refuse('SESSION_LOST'), this.#options.keptWithoutPeer());
    stream.once('close', () => clearTimeout(timer));
  }

  /** Leaves when both streams have ended, and each end knows that the other was handed everything. */
  #settle(): void {
    if (this.#life === 'left' || !this.#stream.destroyed || !this.#target.stream.destroyed) return;
    if (this.id === undefined || (this.#toPeer.isDelivered && this.#toAgent.isDelivered)) this.#end();
    // A slow reader may take any time for what is on its way. An older version does not say again that it was handed FIN.
    else if (this.#toPeer.owedBytes === 0 && this.#toAgent.owedBytes === 0)
      this.#timer ??= setTimeout(() => this.#end(), LAST_ACKNOWLEDGMENT_MS);
  }

  /**
   * The streams have ended. Whether a connection that was joined, here or before, has ended with them, or moved to another session, is
   * known to the replica of its client alone, which tells the agent.
   */
  #end(): void {
    if (this.#life !== 'joined' && !this.#isResume) this.#target.link?.close();
    this.#leave();
  }

  #leave(): void {
    if (this.#life === 'left') return;
    this.#life = 'left';
    clearTimeout(this.#timer);
    this.#target.link?.leave();
    this.#toPeer.detach();
    this.#toAgent.detach();
    releaseAfter(this.#toPeer.bytes + this.#toAgent.bytes);
    this.#options.onDone(this);
    if (this.#stream.destroyed || !this.#target.isLost) return;
    const timer = setTimeout(() => this.#peerEnd.reset('SESSION_LOST'), LEAVE_TIMEOUT_MS);
    this.#stream.once('close', () => clearTimeout(timer));
  }
}
