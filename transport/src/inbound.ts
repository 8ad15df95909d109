import { countData } from './data-moved.ts';
import type { DataStream } from './data-stream.ts';
import { pausePushed, takePushed } from './pushed-data.ts';

/** Unsent bytes in the socket at which the stream is paused. Its receive window then stops the peer. */
const PAUSE_BYTES = 512 * 1024;

/** A chunk of at most this many bytes with nothing queued before it is written without waiting for others. */
const UNCORKED_BYTES = 1024;

/**
 * Writes data from the stream to the socket. DATA frames and TLS records are not aligned, so one read of the session
 * yields many small chunks. The socket is corked until the end of the poll phase, and one writev sends them.
 */
export class Inbound {
  readonly #socket: DataStream;
  readonly #onBytes: (count: number) => void;
  #stream: DataStream | undefined;
  #bytes = 0;
  #isCorked = false;
  #isPaused = false;
  readonly #onData = (chunk: Buffer) => this.#deliver(chunk);
  readonly #flush = () => {
    this.#isCorked = false;
    this.#socket.uncork();
    if (this.#isPaused && this.#socket.writableLength < PAUSE_BYTES) this.#resume();
  };

  /** `onBytes` is called when bytes have been handed to the socket. */
  constructor(socket: DataStream, onBytes: (count: number) => void) {
    this.#socket = socket;
    this.#onBytes = onBytes;
    socket.on('drain', () => {
      if (this.#isPaused) this.#resume();
    });
  }

  /** Bytes handed to the socket so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Counts bytes that reached the near end in another way, before the splice. */
  skip(count: number): void {
    this.#bytes += count;
  }

  attach(stream: DataStream): void {
    this.#stream = stream;
    takePushed(stream, this.#onData);
    if (this.#isPaused) pausePushed(stream);
  }

  /** Takes nothing more from the stream. */
  detach(): void {
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream !== undefined) pausePushed(stream.off('data', this.#onData));
  }

  #deliver(chunk: Buffer): void {
    const socket = this.#socket;
    countData();
    this.#bytes += chunk.length;
    this.#onBytes(chunk.length);
    if (!socket.writable) return;
    if (!this.#isCorked && (chunk.length > UNCORKED_BYTES || socket.writableLength > 0)) {
      this.#isCorked = true;
      socket.cork();
      setImmediate(this.#flush);
    }
    socket.write(chunk);
    if (!this.#isPaused && socket.writableLength >= PAUSE_BYTES) {
      this.#isPaused = true;
      if (this.#stream !== undefined) pausePushed(this.#stream);
    }
  }

  #resume(): void {
    this.#isPaused = false;
    this.#stream?.resume();
  }
}
