import type { Http2Stream } from 'node:http2';
import { TunnelError } from '@penstock/wire';
import { emptyClosed } from './closed-stream.ts';
import {
  COPIED_BYTES,
  END_FRAME,
  FrameReader,
  frameHeader,
  smallFrame,
  UNFRAMED_HEADER,
} from './stream-frames.ts';
import { type StreamCarrier, StreamUse } from './stream-use.ts';

export type ReusePort = {
  /** The peer has begun to use the stream for the connection `id`. The peer of an end without it must not. */
  onStart?(id: string, stream: ReusableStream): void;
  /** Its connection has ended in both directions, and everything was sent and read. */
  onDone?(stream: ReusableStream): void;
  /** The peer has sent what it must not. The stream has been reset. */
  onViolation(detail: string): void;
  /** The stream has closed. */
  onClose?(stream: ReusableStream): void;
};

const NOTHING = Buffer.alloc(0);

/** Bytes of a connection in one direction after which they are framed no more. Reuse would gain little, and frames take 3 % of bulk data. */
const FRAMED_BYTES = 256 * 1024;
const MAX_ID_LENGTH = 64;
const ID = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * A data stream that carries one connection after another, which saves each of them the stream: two blocks of headers, and an object of
 * Node with its native part at both ends (docs/decisions/0035).
 *
 * Data is sent in frames, each after its length in 4 bytes; one without bytes ends a direction of a connection. The agent begins each
 * use but the first with a frame that has the id of its open, and the gateway sends nothing between its end and that frame: nothing of one
 * connection can be taken for the next. The agent does so only when the gateway has acknowledged the end of the use before, as resume
 * needs it to anyway: until then, the gateway may reset the stream.
 *
 * A connection that moves much goes on without frames. It is the last one of its stream, whose end then is its own.
 */
export class ReusableStream implements StreamCarrier {
  readonly stream: Http2Stream;
  /** Read now: a stream drops the reference to its session when it is destroyed. */
  readonly session: Http2Stream['session'];
  readonly #port: ReusePort;
  readonly #push: Http2Stream['push'];
  readonly #frames = new FrameReader();
  readonly #onPiece = (piece: Buffer, isComplete: boolean) => this.#take(piece, isComplete);
  /** The latest one. */
  #use: StreamUse;
  #isStopped = false;
  /** Written for the latest use. */
  #bytes = 0;
  #isUnframed = false;
  /** Whether nothing more can arrive. The stream ends when its last connection has been read. */
  #isEnding = false;
  /** Of the frame with which a use begins. */
  #id = '';

  constructor(stream: Http2Stream, port: ReusePort) {
    this.stream = stream;
    this.session = stream.session;
    this.#port = port;
    this.#use = new StreamUse(this);
    this.#push = stream.push;
    // Not by 'data': see takePushed.
    stream.push = (chunk: Buffer | null, encoding?: BufferEncoding) => {
      if (chunk === null) {
        this.#isEnding = true;
        return this.#push.call(stream, chunk, encoding);
      }
      // Only `readOn` starts again: Node stops once this has returned false, whatever later chunks say.
      if (chunk.length > 0 && !this.#frames.read(chunk, this.#onPiece)) this.#isStopped = true;
      return !this.#isStopped;
    };
    stream.on('error', () => {});
    stream.on('drain', () => this.#use.emit('drain'));
    stream.on('end', () => this.#onEnd());
    stream.on('close', () => this.#onClose());
    stream.resume();
  }

  /** The latest use. */
  get use(): StreamUse {
    return this.#use;
  }

  get isFree(): boolean {
    return (
      this.#use.isDone &&
      !this.#isEnding &&
      !this.#frames.isUnframed &&
      this.stream.writable &&
      !this.stream.closed
    );
  }

  /** Begins a use for the connection `id`, and tells the peer. Call it only while `isFree`, and when the peer is known to have read the end. */
  start(id: string): StreamUse {
    this.#use = new StreamUse(this);
    this.#bytes = 0;
    this.stream.write(smallFrame(Buffer.from(id, 'latin1')));
    return this.#use;
  }

  end(): void {
    this.stream.end();
  }

  /** Writes a frame. Returns false when the caller should wait for 'drain'. */
  write(bytes: Buffer, callback?: (error?: Error | null) => void): boolean {
    const { stream } = this;
    // A frame without bytes would be the end.
    if (this.#isUnframed || bytes.length === 0) return stream.write(bytes, callback);
    this.#bytes += bytes.length;
    if (this.#bytes > FRAMED_BYTES) {
      this.#isUnframed = true;
      stream.write(UNFRAMED_HEADER);
      return stream.write(bytes, callback);
    }
    if (bytes.length <= COPIED_BYTES) return stream.write(smallFrame(bytes), callback);
    stream.cork();
    stream.write(frameHeader(bytes.length));
    const hasRoom = stream.write(bytes, callback);
    stream.uncork();
    return hasRoom;
  }

  writeEnd(callback: (error?: Error | null) => void): void {
    if (this.#isUnframed) this.stream.end(callback);
    else this.stream.write(END_FRAME, callback);
  }

  proceed(use: StreamUse): void {
    if (this.#isStopped && use === this.#use && !this.stream.destroyed) this.#readOn();
  }

  done(use: StreamUse): void {
    if (use !== this.#use) return;
    this.proceed(use);
    if (this.#isEnding) this.stream.end();
    this.#port.onDone?.(this);
  }

  reset(use: StreamUse, error?: Error | null): void {
    // Without an error, the reset would be called none.
    if (use === this.#use) this.stream.destroy(error ?? new TunnelError('INTERNAL'));
  }

  #take(piece: Buffer, isComplete: boolean): boolean {
    const use = this.#use;
    if (this.stream.destroyed || (use.destroyed && !use.isOver)) return true;
    // What follows is not in frames.
    const isSwitch = piece.length === 0 && !isComplete;
    if (!use.hasRead) return isSwitch || use.receive(piece);
    // The agent waits until the gateway has ended its direction too.
    if (!use.isOver || isSwitch) {
      this.#violate();
      return true;
    }
    this.#id += piece.toString('latin1', 0, MAX_ID_LENGTH + 1);
    if (this.#id.length > MAX_ID_LENGTH || this.#port.onStart === undefined) this.#violate();
    if (this.stream.destroyed || !isComplete) return true;
    const id = this.#id;
    this.#id = '';
    if (!ID.test(id)) {
      this.#violate();
      return true;
    }
    this.#use = new StreamUse(this);
    this.#bytes = 0;
    this.#port.onStart?.(id, this);
    return true;
  }

  #violate(): void {
    const detail = 'The peer sent data behind the end of a connection.';
    this.stream.destroy(new TunnelError('PROTOCOL_ERROR', detail));
    this.#port.onViolation(detail);
  }

  #readOn(): void {
    this.#isStopped = false;
    // Node reads on when its last read has ended, which a push does, also one of nothing.
    this.#push.call(this.stream, NOTHING);
    this.stream.read(0);
  }

  /** END_STREAM, or a reset, which is followed by 'close'. */
  #onEnd(): void {
    const { stream } = this;
    if (stream.destroyed || stream.rstCode !== 0) return;
    // A reset that is called no error.
    if (stream.aborted && !this.#use.hasRead) {
      stream.destroy(new TunnelError('INTERNAL'));
      return;
    }
    if (this.#frames.isUnframed && !this.#use.hasRead) this.#use.receive(NOTHING);
    if (this.#use.isDone) stream.end();
    else if (!this.#use.isOver && !this.#frames.isUnframed) stream.destroy(new TunnelError('PROTOCOL_ERROR'));
  }

  #onClose(): void {
    const use = this.#use;
    const { errored, rstCode } = this.stream;
    const isLost = this.session?.destroyed !== false;
    emptyClosed(this.stream);
    // Node closes a stream as soon as both ends have left, before it calls back for the last write.
    if (use.isOver && rstCode === 0 && !errored && !isLost) use.finish();
    // A use that has sent and received everything closes when it has been read. If the session was lost, nobody may read it.
    if (!use.isComplete || isLost) use.destroy(errored instanceof TunnelError ? errored : undefined);
    this.#port.onClose?.(this);
  }
}
