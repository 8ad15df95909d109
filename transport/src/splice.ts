import type { CloseCode } from '@penstock/wire';
import { TunnelError } from '@penstock/wire';
import type { FarEnd } from './far-end.ts';
import { isCutShort, isHttp2Stream, type NearEnd } from './near-end.ts';
import { resetSocket } from './reset-socket.ts';
import type { SocketReader } from './socket-reader.ts';
import { forwardToStream } from './socket-to-stream.ts';
import { forwardToSocket } from './stream-to-socket.ts';

export type SpliceOptions = {
  /** Present when the socket was made with the reader's `onread`. */
  readonly reader?: SocketReader;
  /** Milliseconds without a byte after which a half-closed connection ends. */
  readonly halfClosedTimeout: number;
  /** Milliseconds without a byte after which any connection ends; 0, or left out, for never. */
  readonly idleTimeout?: number;
  /** Ends the near end by a reset, where that takes more than resetting a TCP socket: TLS has one below itself. */
  readonly reset?: (code: CloseCode) => void;
  /** Whether the near end's FIN is not to be believed: TLS below it was cut off. Asked when it comes. */
  readonly isTruncated?: () => boolean;
  /** What a reset by the socket's peer is called: the client's at the gateway, the target's at the agent. */
  readonly socketReset: CloseCode;
  /** What a reset by the peer beyond the tunnel is called. */
  readonly streamReset: CloseCode;
};

export type SpliceEnd = {
  /** Undefined when both sides finished with a FIN. */
  readonly code: CloseCode | undefined;
  readonly bytesFromSocket: number;
  readonly bytesToSocket: number;
};

export type Splice = {
  /** Settles once, when socket and stream are both closed. Never rejects. */
  readonly done: Promise<SpliceEnd>;
  /** Ends both sides by a reset. Does nothing after the end. */
  abort(code: CloseCode): void;
};

/** Who has said FIN so far. `aborted` is final, and so is `finished`. */
type Life = 'open' | 'socket-finished' | 'stream-finished' | 'finished' | 'aborted';

/** An idle connection is looked at this often within its time. */
const IDLE_LOOKS = 4;

/**
 * Joins a socket, or a client's own HTTP/2 stream, and a data stream until both have ended. FIN is END_STREAM and RST
 * is RST, both ways, and an end that was not asked for is passed on as a reset: a truncated answer must never look
 * complete. Both must be open; the socket with `allowHalfOpen` and not flowing.
 */
export function splice(socket: NearEnd, farEnd: FarEnd, options: SpliceOptions): Splice {
  let life: Life = 'open';
  let code: CloseCode | undefined;
  let stillOpen = 2;
  let timer: NodeJS.Timeout | undefined;
  let moved = 0;
  const { stream } = farEnd;
  const { promise: done, resolve } = Promise.withResolvers<SpliceEnd>();

  const setLife = (next: Life) => {
    life = next;
    if (next === 'aborted' || timer !== undefined) return;
    moved = progress();
    timer = setInterval(checkProgress, options.halfClosedTimeout);
  };

  const resetNear = (reason: CloseCode) => {
    if (options.reset !== undefined) options.reset(reason);
    else if (!isHttp2Stream(socket)) resetSocket(socket);
    else if (!socket.destroyed) socket.destroy(new TunnelError(reason));
  };

  const abort = (reason: CloseCode) => {
    if (stillOpen === 0 || life === 'aborted') return;
    setLife('aborted');
    code = reason;
    resetNear(reason);
    farEnd.reset(reason);
  };

  /** Why a stream ended that was not ended here: its peer has reset it, or it was lost with its session. */
  const streamLoss = () => (farEnd.isLost ? 'SESSION_LOST' : options.streamReset);

  /** Bytes that have left for the system or the session. */
  const progress = () => toStream.bytes + toSocket.bytes - socket.writableLength - stream.writableLength;

  const checkProgress = () => {
    const now = progress();
    if (now === moved) abort('HALF_CLOSED_TIMEOUT');
    moved = now;
  };

  let idleTimer: NodeJS.Timeout | undefined;
  const watchIdle = (timeout: number) => {
    let last = { moved: progress(), at: performance.now() };
    idleTimer = setInterval(() => {
      const now = { moved: progress(), at: performance.now() };
      if (now.moved !== last.moved) last = now;
      else if (now.at - last.at >= timeout) abort('IDLE_TIMEOUT');
    }, timeout / IDLE_LOOKS);
  };

  const onClosed = () => {
    stillOpen -= 1;
    if (stillOpen > 0) return;
    clearInterval(timer);
    clearInterval(idleTimer);
    resolve({ code, bytesFromSocket: toStream.bytes, bytesToSocket: toSocket.bytes });
  };

  // Error listeners before anything else: 'close' follows every error and decides.
  socket.on('error', () => abort(options.socketReset));
  stream.on('error', (error) => abort(error instanceof TunnelError ? error.code : streamLoss()));
  socket.once('close', () => {
    if (life !== 'finished' || (isHttp2Stream(socket) && socket.rstCode !== 0)) abort(options.socketReset);
    onClosed();
  });
  stream.once('close', () => {
    // After both FINs as well: a reset takes with it what was still to be sent.
    if (life !== 'finished' || farEnd.isReset) abort(streamLoss());
    onClosed();
  });

  const onSocketEnd = () => {
    if (life === 'aborted') return;
    if (options.isTruncated?.() === true || (isHttp2Stream(socket) && isCutShort(socket))) {
      abort(options.socketReset);
      return;
    }
    setLife(life === 'stream-finished' ? 'finished' : 'socket-finished');
    stream.end();
  };
  const onStreamEnd = () => {
    if (life === 'aborted') return;
    if (farEnd.isCutShort) {
      abort(streamLoss());
      return;
    }
    setLife(life === 'socket-finished' ? 'finished' : 'stream-finished');
    socket.end();
  };
  const toStream = forwardToStream(socket, options.reader, stream, onSocketEnd);
  const toSocket = forwardToSocket(stream, socket, onStreamEnd);
  if (options.idleTimeout !== undefined && options.idleTimeout > 0) watchIdle(options.idleTimeout);
  // Who said FIN and nothing else may have done so before anybody listened.
  if (socket.readableEnded) onSocketEnd();
  if (stream.readableEnded) onStreamEnd();
  return { done, abort };
}
