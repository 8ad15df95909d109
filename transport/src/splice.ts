import type { CloseCode } from '@penstock/wire';
import { TunnelError } from '@penstock/wire';
import type { FarEnd } from './far-end.ts';
import { isCutShort, isHttp2Stream, type NearEnd } from './near-end.ts';
import { resetSocket } from './reset-socket.ts';
import type { SocketReader } from './socket-reader.ts';
import { forwardToStream } from './socket-to-stream.ts';
import { forwardToSocket } from './stream-to-socket.ts';

export type SpliceOptions = {
  /** The reader whose `onread` the socket was created with, if any. */
  readonly reader?: SocketReader;
  /** Milliseconds without a byte after which a half-closed connection is reset. */
  readonly halfClosedTimeout: number;
  /** Milliseconds without a byte after which any connection is reset; never when 0 or omitted. */
  readonly idleTimeout?: number;
  /** Resets the near end. Needed for TLS, where the TCP socket below must be reset. */
  readonly reset?: (code: CloseCode) => void;
  /** Whether the FIN of the near end must not be trusted, because its TLS was truncated. Called when it arrives. */
  readonly isTruncated?: () => boolean;
  /** Code for a reset by the peer of the socket: the client at the gateway, the target at the agent. */
  readonly socketReset: CloseCode;
  /** Code for a reset by the peer on the other side of the tunnel. */
  readonly streamReset: CloseCode;
};

export type SpliceEnd = {
  /** Undefined when both sides finished with a FIN. */
  readonly code: CloseCode | undefined;
  readonly bytesFromSocket: number;
  readonly bytesToSocket: number;
};

export type Splice = {
  /** Resolves when socket and stream are both closed. Never rejects. */
  readonly done: Promise<SpliceEnd>;
  /** Resets both sides. Does nothing after the end. */
  abort(code: CloseCode): void;
};

/** Which ends have sent FIN. `aborted` and `finished` are final. */
type Life = 'open' | 'socket-finished' | 'stream-finished' | 'finished' | 'aborted';

/** Checks per idle timeout. */
const IDLE_CHECKS = 4;

/**
 * Joins a socket, or the HTTP/2 stream of a client, with the far end until both have closed. FIN maps to END_STREAM and
 * RST to RST_STREAM, in both directions. Every other end is passed on as a reset: a truncated answer must never look
 * complete. Both ends must be open, and the socket must have `allowHalfOpen` and not be flowing.
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

  /** The code of an end that did not start here: a reset by the peer, or the loss of the session. */
  const streamLoss = () => (farEnd.isLost ? 'SESSION_LOST' : options.streamReset);

  /** Bytes written to the operating system or the session. */
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
    }, timeout / IDLE_CHECKS);
  };

  const onClosed = () => {
    stillOpen -= 1;
    if (stillOpen > 0) return;
    clearInterval(timer);
    clearInterval(idleTimer);
    resolve({ code, bytesFromSocket: toStream.bytes, bytesToSocket: toSocket.bytes });
  };

  // Error listeners come first. 'close' follows every error.
  socket.on('error', () => abort(options.socketReset));
  stream.on('error', (error) => abort(error instanceof TunnelError ? error.code : streamLoss()));
  socket.once('close', () => {
    if (life !== 'finished' || (isHttp2Stream(socket) && socket.rstCode !== 0)) abort(options.socketReset);
    onClosed();
  });
  stream.once('close', () => {
    // Checked after both FINs too: a reset discards data that was not sent yet.
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
  // An end that sent nothing but FIN may have done so before the listeners were added.
  if (socket.readableEnded) onSocketEnd();
  if (stream.readableEnded) onStreamEnd();
  return { done, abort };
}
