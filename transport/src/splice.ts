import type { CloseCode } from '@penstock/wire';
import { TunnelError } from '@penstock/wire';
import type { AcknowledgmentSource } from './acknowledgments.ts';
import { releaseAfter } from './after-bulk.ts';
import type { FarEnd, LinkListener, SessionLoss } from './far-end.ts';
import { Inbound } from './inbound.ts';
import { farBudget, nearBudget } from './kept-budget.ts';
import { KeptChunks } from './kept-chunks.ts';
import { keepConnection } from './last-connection.ts';
import { isCutShort, isHttp2Stream, type NearEnd } from './near-end.ts';
import { Outbound } from './outbound.ts';
import { resetSocket } from './reset-socket.ts';
import type { SpliceEnd, SpliceOptions } from './splice-options.ts';

/** Which ends have sent FIN. `aborted` and `finished` are final. */
type Life = 'open' | 'socket-finished' | 'stream-finished' | 'finished' | 'aborted';

/** Checks per idle timeout. */
const IDLE_CHECKS = 4;

/**
 * Joins a socket, or the HTTP/2 stream of a client, with the far end until both have closed. FIN maps to END_STREAM and
 * RST to RST_STREAM, in both directions. Every other end is passed on as a reset: a truncated answer must never look
 * complete. Both ends must be open, and the socket must have `allowHalfOpen` and not be flowing.
 *
 * A far end with a link may be lost and replaced: what was sent is kept until the peer has handed it on, and sent again
 * from there on the next stream. Positions count the bytes of a direction, and its FIN as one more.
 */
export class Splice implements AcknowledgmentSource, LinkListener {
  readonly id: string;
  /** Whether the peer has said that it has handed on everything, FIN included. */
  isDelivered = false;
  /** Resolves when both ends are closed. Never rejects. */
  readonly done: Promise<SpliceEnd>;
  readonly #socket: NearEnd;
  readonly #options: SpliceOptions;
  readonly #outbound: Outbound;
  readonly #inbound: Inbound;
  readonly #kept: KeptChunks | undefined;
  readonly #resolve: (end: SpliceEnd) => void;
  /** Undefined while adrift. */
  #farEnd: FarEnd | undefined;
  /** Left for another one while its session lives; reset when that one has come. */
  #previous: FarEnd | undefined;
  #life: Life = 'open';
  #code: CloseCode | undefined;
  #detail: string | undefined;
  #finishedFirst: SpliceEnd['finishedFirst'];
  #isNearClosed = false;
  #isFarClosed = false;
  #isFinAcknowledged = false;
  #hasReceivedFin = false;
  #moved = 0;
  #timer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(socket: NearEnd, farEnd: FarEnd, options: SpliceOptions) {
    const { link } = farEnd;
    this.id = link?.id ?? '';
    this.#socket = socket;
    this.#options = options;
    ({ promise: this.done, resolve: this.#resolve } = Promise.withResolvers<SpliceEnd>());
    if (link !== undefined) {
      this.#kept = new KeptChunks(budgetOf(farEnd));
      for (const bytes of options.carry?.sent ?? []) this.#kept.push({ bytes, memory: undefined });
    }
    this.#watchSocket();
    this.#farEnd = farEnd;
    this.#watchFarEnd(farEnd);
    this.#outbound = new Outbound(socket, options.reader, farEnd.stream, this.#kept);
    this.#inbound = new Inbound(socket, (count) => this.#farEnd?.link?.acknowledgeBytes(this, count));
    this.#inbound.skip(options.carry?.received ?? 0);
    this.#inbound.attach(farEnd.stream);
    link?.open(this);
    if (options.idleTimeout !== undefined && options.idleTimeout > 0) this.#watchIdle(options.idleTimeout);
    // An end that sent nothing but FIN may have done so before the listeners were added.
    if (socket.readableEnded) this.#onSocketEnd();
    if (farEnd.stream.readableEnded) this.#onStreamEnd(farEnd);
    this.#lookForClose(farEnd);
  }

  get isAdrift(): boolean {
    return this.#farEnd === undefined && this.#life !== 'aborted' && !this.#isSettled();
  }

  /** Bytes handed to the socket, and one more once FIN was. */
  get received(): number {
    return this.#inbound.bytes + Number(this.#hasReceivedFin);
  }

  /** Bytes sent that the peer has not acknowledged, and that are kept until it has. */
  get owedBytes(): number {
    return this.#kept?.bytes ?? 0;
  }

  get unsentBytes(): number {
    return this.#farEnd?.stream.writableLength ?? 0;
  }

  get movedBytes(): number {
    return this.#outbound.bytes + this.#inbound.bytes;
  }

  get resetCode(): CloseCode | undefined {
    return this.#life === 'aborted' ? this.#code : undefined;
  }

  takeReceived(): number {
    return this.received;
  }

  /** Bytes forwarded so far. */
  traffic(): Pick<SpliceEnd, 'bytesFromSocket' | 'bytesToSocket'> {
    return { bytesFromSocket: this.#outbound.bytes, bytesToSocket: this.#inbound.bytes };
  }

  /** Resets both ends. Does nothing after the end. `detail` says more than the code. */
  abort(code: CloseCode, detail?: string): void {
    if (this.#life === 'aborted' || this.#isSettled()) return;
    this.#setLife('aborted');
    this.#code = code;
    this.#detail = detail;
    this.#resetNear(code);
    this.#farEnd?.link?.acknowledge(this, 'now');
    this.#farEnd?.link?.close();
    this.#farEnd?.reset(code);
    this.#previous?.reset(code);
    this.#previous = undefined;
    this.#kept?.clear();
    if (this.#farEnd === undefined) this.#isFarClosed = true;
    this.#settle();
  }

  /**
   * Leaves its stream, whose session lives, for another one. From now on `received` does not change before `attach`, which
   * also resets the stream. Returns whether the splice is adrift now; `onAdrift` is not called.
   */
  detach(): boolean {
    const farEnd = this.#farEnd;
    if (this.#kept === undefined || this.#life === 'aborted') return false;
    if (farEnd === undefined) return true;
    this.#leave(farEnd);
    this.#previous?.reset('SESSION_LOST');
    this.#previous = farEnd;
    return true;
  }

  /**
   * Goes on with another stream of the same peer, which has handed on `received`. Sends again what it has not. Resets
   * `farEnd` when the splice has ended meanwhile, and both ends when the position is impossible.
   */
  attach(farEnd: FarEnd, received: number): void {
    this.detach();
    this.#previous?.reset('SESSION_LOST');
    this.#previous = undefined;
    if (this.#life === 'aborted' || this.#isSettled()) {
      farEnd.reset('CLIENT_GONE');
      return;
    }
    this.#farEnd = farEnd;
    this.#isFarClosed = false;
    this.#kept?.charge(budgetOf(farEnd));
    this.#watchFarEnd(farEnd);
    if (received < (this.#kept?.start ?? 0)) this.abort('PROTOCOL_ERROR');
    this.#acknowledged(received);
    // The peer can claim to have handed on what was never sent, or what is no longer kept.
    if (this.#hasAborted()) return;
    farEnd.link?.open(this);
    this.#inbound.attach(farEnd.stream);
    this.#outbound.attach(farEnd.stream);
    this.#lookForClose(farEnd);
  }

  /** Ends a splice whose peer no longer knows the connection: complete if nothing is missing here, aborted otherwise. */
  abandon(code: CloseCode): void {
    if (this.#life !== 'finished') {
      this.abort(code);
      return;
    }
    this.#previous?.reset(code);
    this.#previous = undefined;
    this.#isFinAcknowledged = true;
    this.#isFarClosed = true;
    this.#settle();
  }

  onAcknowledged(received: number, isReset: boolean): void {
    this.#acknowledged(received);
    if (!isReset) return;
    // What the peer has sent before may still be on its way: only the stream itself says how this direction ends.
    this.#isFinAcknowledged = true;
    this.#settle();
  }

  onLost(loss: SessionLoss): void {
    this.#drift(loss);
  }

  onStopped(): void {
    if (this.#life === 'finished') this.abandon('SESSION_LOST');
  }

  onRetiring(): void {
    this.move();
  }

  move(): void {
    this.#options.carry?.onRetiring?.();
  }

  #acknowledged(received: number): void {
    const kept = this.#kept;
    if (kept === undefined || this.#life === 'aborted') return;
    const hasSentFin = this.#life === 'socket-finished' || this.#life === 'finished';
    if (received > kept.end + Number(hasSentFin)) {
      this.abort('PROTOCOL_ERROR');
      return;
    }
    if (received > kept.end) {
      this.#isFinAcknowledged = true;
      this.isDelivered = true;
    }
    const unwritten = this.#farEnd?.stream.writableLength ?? kept.bytes;
    kept.acknowledge(Math.min(received, kept.end), kept.end - unwritten);
    this.#outbound.resumeWhenRoom();
    this.#settle();
  }

  #watchSocket(): void {
    const { socketReset } = this.#options;
    const socket = this.#socket;
    // Error listeners come first. 'close' follows every error. Like 'end' it comes once, and `once` would cost more.
    socket.on('error', () => this.abort(socketReset));
    socket.on('close', () => {
      if (this.#life !== 'finished' || (isHttp2Stream(socket) && socket.rstCode !== 0)) {
        this.abort(socketReset);
      }
      this.#isNearClosed = true;
      this.#settle();
    });
    socket.on('end', () => this.#onSocketEnd());
  }

  #watchFarEnd(farEnd: FarEnd): void {
    const { stream } = farEnd;
    stream.on('error', (error) => {
      if (this.#farEnd !== farEnd) return;
      if (error instanceof TunnelError) this.abort(error.code, error.message);
      // Whether the session was lost is certain only once the stream has closed.
      else if (this.#kept === undefined) this.abort(this.#lossCode(farEnd));
    });
    stream.on('close', () => {
      if (this.#farEnd === farEnd) this.#onStreamClose(farEnd);
    });
    stream.on('end', () => {
      if (this.#farEnd === farEnd) this.#onStreamEnd(farEnd);
    });
  }

  /** A stream that was reset before this end had joined it has emitted 'close' already. */
  #lookForClose(farEnd: FarEnd): void {
    if (!farEnd.stream.destroyed) return;
    // Not in the constructor, whose caller may have to know the splice first.
    process.nextTick(() => {
      if (this.#farEnd === farEnd && !this.#isFarClosed) this.#onStreamClose(farEnd);
    });
  }

  #onSocketEnd(): void {
    if (this.#life === 'aborted') return;
    const { isTruncated, socketReset } = this.#options;
    if (isTruncated?.() === true || (isHttp2Stream(this.#socket) && isCutShort(this.#socket))) {
      this.abort(socketReset);
      return;
    }
    this.#setLife(this.#life === 'stream-finished' ? 'finished' : 'socket-finished');
    this.#outbound.finish();
  }

  #onStreamEnd(farEnd: FarEnd): void {
    if (this.#life === 'aborted') return;
    if (farEnd.isCutShort) {
      if (this.#kept === undefined) this.abort(this.#lossCode(farEnd));
      return;
    }
    if (this.#hasReceivedFin) {
      // A relay between the ends, which is as new as this stream, knows only from this what was delivered before it.
      farEnd.link?.acknowledge(this, 'soon');
      return;
    }
    this.#hasReceivedFin = true;
    this.#setLife(this.#life === 'socket-finished' ? 'finished' : 'stream-finished');
    this.#socket.end();
    farEnd.link?.acknowledge(this, 'soon');
  }

  #onStreamClose(farEnd: FarEnd): void {
    // Checked after both FINs too: a reset discards data that was not sent yet.
    if (this.#life !== 'finished' || farEnd.isReset) {
      if (this.#kept === undefined || !farEnd.isLost) this.abort(this.#lossCode(farEnd));
      else if (!this.#isFinAcknowledged || this.#life !== 'finished')
        this.#drift(farEnd.link?.closeLoss ?? 'closed');
    }
    this.#isFarClosed = true;
    this.#settle();
  }

  /** The code of an end that did not start here: a reset by the peer, or the loss of the session. */
  #lossCode(farEnd: FarEnd): CloseCode {
    return farEnd.isLost ? 'SESSION_LOST' : (farEnd.peerResetCode ?? this.#options.streamReset);
  }

  #drift(loss: SessionLoss): void {
    const farEnd = this.#farEnd;
    if (farEnd === undefined || this.#life === 'aborted' || this.#isSettled()) return;
    this.#leave(farEnd);
    this.#options.carry?.onAdrift(loss);
  }

  #leave(farEnd: FarEnd): void {
    this.#farEnd = undefined;
    farEnd.link?.leave();
    this.#inbound.detach();
    this.#outbound.detach();
  }

  #resetNear(code: CloseCode): void {
    const { reset } = this.#options;
    const socket = this.#socket;
    if (reset !== undefined) reset(code);
    else if (!isHttp2Stream(socket)) resetSocket(socket);
    else if (!socket.destroyed) socket.destroy(new TunnelError(code));
  }

  #setLife(next: Life): void {
    this.#life = next;
    if (next === 'socket-finished') this.#finishedFirst = 'socket';
    if (next === 'stream-finished') this.#finishedFirst = 'stream';
    if (next === 'aborted' || this.#timer !== undefined) return;
    this.#moved = this.#progress();
    this.#timer = setInterval(() => this.#checkProgress(), this.#options.halfClosedTimeout);
  }

  /** Grows while bytes are written to the operating system or the session, or acknowledged. */
  #progress(): number {
    const acknowledged = this.#kept?.start ?? 0;
    return this.movedBytes + acknowledged - this.#socket.writableLength - this.unsentBytes;
  }

  #checkProgress(): void {
    const now = this.#progress();
    if (now === this.#moved) this.abort('HALF_CLOSED_TIMEOUT');
    this.#moved = now;
  }

  #watchIdle(timeout: number): void {
    let last = { moved: this.#progress(), at: performance.now() };
    this.#idleTimer = setInterval(() => {
      const now = { moved: this.#progress(), at: performance.now() };
      if (now.moved !== last.moved) last = now;
      else if (now.at - last.at >= timeout) this.abort('IDLE_TIMEOUT');
    }, timeout / IDLE_CHECKS);
  }

  #hasAborted(): boolean {
    return this.#life === 'aborted';
  }

  #isSettled(): boolean {
    if (!this.#isNearClosed || !this.#isFarClosed) return false;
    return this.#life === 'aborted' || this.#kept === undefined || this.#isFinAcknowledged;
  }

  /** Whether an end, which is closed, still has bytes: Node does not drop those that were not read. */
  #hasData(): boolean {
    const ends = [this.#socket, this.#farEnd?.stream];
    return ends.some((end) => end !== undefined && end.readableLength + end.writableLength > 0);
  }

  #settle(): void {
    if (!this.#isSettled()) return;
    clearInterval(this.#timer);
    clearInterval(this.#idleTimer);
    this.#farEnd?.link?.close();
    this.#kept?.clear();
    const [code, detail, finishedFirst] = [this.#code, this.#detail, this.#finishedFirst];
    const traffic = this.traffic();
    if (!this.#hasData()) keepConnection(this);
    releaseAfter(traffic.bytesFromSocket + traffic.bytesToSocket);
    this.#resolve({ code, detail, finishedFirst, ...traffic });
  }
}

const budgetOf = ({ link }: FarEnd) => (link?.isFar === true ? farBudget : nearBudget);

/** Joins both ends; see Splice. */
export function splice(socket: NearEnd, farEnd: FarEnd, options: SpliceOptions): Splice {
  return new Splice(socket, farEnd, options);
}
