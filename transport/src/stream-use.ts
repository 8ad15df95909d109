import { EventEmitter } from 'node:events';
import { constants, type Http2Stream } from 'node:http2';
import type { DataStream } from './data-stream.ts';
import { WaitingData } from './waiting-data.ts';

/** The stream that carries a use; see ReusableStream. */
export type StreamCarrier = {
  readonly stream: Http2Stream;
  readonly session: Http2Stream['session'];
  /** Whether another use may begin. */
  readonly isFree: boolean;
  start(id: string): StreamUse;
  /** Closes the stream, which is free. */
  end(): void;
  write(bytes: Buffer, callback?: (error?: Error | null) => void): boolean;
  writeEnd(callback: (error?: Error | null) => void): void;
  /** Reads on for `use`. */
  proceed(use: StreamUse): void;
  /** Both directions of `use` have ended, and everything was sent and read. */
  done(use: StreamUse): void;
  /** Resets the stream unless it has a later use. */
  reset(use: StreamUse, error?: Error | null): void;
};

/** Bytes that wait for a reader at which the stream is read no further. */
const HIGH_WATER_BYTES = 64 * 1024;

/**
 * What one connection has of a stream that carries one after another. It behaves like an HTTP/2 stream of its own, as far as a splice and
 * what comes before it need that; a Duplex takes longer, and gains nothing. The end of a direction is a frame without bytes, and
 * anything else that ends it resets the stream.
 */
export class StreamUse extends EventEmitter implements DataStream {
  readonly carrier: StreamCarrier;
  destroyed = false;
  readableEnded = false;
  /** Null before anybody has asked for data. */
  readableFlowing: boolean | null = null;
  readonly #waiting = new WaitingData();
  #hasRead = false;
  #hasEnded = false;
  /** Whether HTTP/2 has all of this direction, with its end: until then, a reset discards what is before it. */
  #hasFinished = false;
  /** Whether HTTP/2 has said so of every write, and refers to their memory no more. */
  #hasLeft = false;

  constructor(carrier: StreamCarrier) {
    super();
    this.carrier = carrier;
  }

  /** Whether the peer has ended its direction. Nothing more may arrive. */
  get hasRead(): boolean {
    return this.#hasRead;
  }

  /** Whether both directions have ended. What was sent may not have left, and what has arrived may wait for its reader. */
  get isOver(): boolean {
    return this.#hasRead && this.#hasEnded;
  }

  /** Whether both directions have ended, and everything was sent. It may wait for its reader. */
  get isComplete(): boolean {
    return this.#hasRead && this.#hasFinished;
  }

  /** Whether nothing more can happen, and the stream is free again. */
  get isDone(): boolean {
    return this.destroyed && this.isComplete;
  }

  get readableLength(): number {
    return this.#waiting.length;
  }

  /** As that of an HTTP/2 stream: not 0 after a reset. */
  get rstCode(): number {
    if (this.isComplete) return 0;
    const code = this.carrier.stream.rstCode ?? 0;
    // A reset can be called no error (RFC 9113 section 8.1), and a stream can close without one.
    return code === 0 && this.destroyed ? constants.NGHTTP2_CANCEL : code;
  }

  /** As that of an HTTP/2 stream. A reset of this one causes no 'end'. */
  get aborted(): boolean {
    return false;
  }

  get session() {
    return this.carrier.session;
  }

  get writable(): boolean {
    return !this.#hasEnded && !this.destroyed;
  }

  /** Bytes that have not left, with what precedes them. */
  get writableLength(): number {
    return this.#hasLeft ? 0 : this.carrier.stream.writableLength;
  }

  override on(event: string, listener: Parameters<EventEmitter['on']>[1]): this {
    super.on(event, listener);
    if (event === 'data' && this.readableFlowing !== false) this.resume();
    else if (event === 'readable') this.#announce();
    return this;
  }

  /** Returns false when the caller should wait for 'drain'. The callback is not called if the use has ended. */
  write(bytes: Buffer, callback?: (error?: Error | null) => void): boolean {
    return this.writable && this.carrier.write(bytes, callback);
  }

  /** Ends this direction. */
  end(): this {
    if (!this.writable) return this;
    this.#hasEnded = true;
    this.carrier.writeEnd((error) => {
      if (error) return;
      this.#hasLeft = true;
      this.finish();
    });
    return this;
  }

  /** HTTP/2 has all of this direction, with its end. */
  finish(): void {
    this.#hasFinished = true;
    this.#settle();
  }

  cork(): void {
    this.carrier.stream.cork();
  }

  uncork(): void {
    this.carrier.stream.uncork();
  }

  /** Everything that waits, or null. */
  read(): Buffer | null {
    const bytes = this.#waiting.takeAll() ?? null;
    this.carrier.proceed(this);
    return bytes;
  }

  pause(): this {
    this.readableFlowing = false;
    return this;
  }

  resume(): this {
    this.readableFlowing = true;
    // As with any stream, nothing is emitted before this has returned.
    if (this.readableLength > 0 || this.#hasRead) process.nextTick(() => this.#flow());
    else this.carrier.proceed(this);
    return this;
  }

  /** Takes bytes that have arrived, or none at the end. Returns whether more are wanted for now. */
  receive(bytes: Buffer): boolean {
    if (bytes.length === 0) {
      this.#hasRead = true;
      if (this.readableFlowing === true) this.#end();
      else this.#announce();
      return true;
    }
    if (this.readableFlowing === true && this.readableLength === 0) {
      this.emit('data', bytes);
      return true;
    }
    this.#waiting.push(bytes);
    this.#announce();
    return this.readableLength < HIGH_WATER_BYTES;
  }

  /** Ends it now, and resets the stream unless both directions have ended. */
  destroy(error?: Error | null): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.#waiting.clear();
    if (this.isDone) this.carrier.done(this);
    else this.carrier.reset(this, error);
    process.nextTick(() => {
      if (error && this.listenerCount('error') > 0) this.emit('error', error);
      this.emit('close');
      // The stream refers to its latest use, and must not keep a connection that has ended.
      this.removeAllListeners();
    });
    return this;
  }

  #flow(): void {
    while (this.readableFlowing === true) {
      const bytes = this.#waiting.shift();
      if (bytes === undefined) break;
      this.emit('data', bytes);
    }
    if (this.readableFlowing !== true || this.destroyed) return;
    this.#end();
    this.carrier.proceed(this);
  }

  /** Tells who waits for something to read. */
  #announce(): void {
    if (this.listenerCount('readable') === 0) return;
    process.nextTick(() => {
      if (this.destroyed || (this.readableLength === 0 && !this.#hasRead)) return;
      this.emit('readable');
      if (this.readableFlowing !== true && this.listenerCount('readable') > 0) this.#end();
    });
  }

  /** Says that nothing more comes, once everything has been read. */
  #end(): void {
    if (!this.#hasRead || this.readableLength > 0 || this.readableEnded || this.destroyed) return;
    this.readableEnded = true;
    this.emit('end');
    this.#settle();
  }

  /** Closes when nothing more can happen. */
  #settle(): void {
    if (this.readableEnded && this.#hasFinished) this.destroy();
  }
}
