import { type PooledChunk, releaseChunk } from './chunk-pool.ts';
import type { DataStream } from './data-stream.ts';
import type { KeptChunks } from './kept-chunks.ts';
import type { NearEnd } from './near-end.ts';
import type { SocketReader } from './socket-reader.ts';

const KIB = 1024;

/** Unsent bytes in the stream at which the socket is paused, and resumed. */
const PAUSE_BYTES = 512 * KIB;
const RESUME_BYTES = 256 * KIB;

/** Bytes read from the socket while there is no stream, because Node detects a disconnected peer only while reading. */
const MAX_ADRIFT_BYTES = 64 * KIB;

/**
 * Writes data from the socket to the stream, and pauses the socket while the stream has too much unsent data. The
 * callback of a write is called when its bytes have left the session, so the flow control of the peer reaches the
 * socket. With `kept`, the bytes are kept until the peer has acknowledged them, and sent again on the next stream.
 */
export class Outbound {
  readonly #socket: NearEnd;
  readonly #kept: KeptChunks | undefined;
  #stream: DataStream | undefined;
  /** Position up to which the socket is read while there is no stream. */
  #adriftEnd = 0;
  #bytes = 0;
  #isPaused = false;
  #hasFinished = false;
  /** One function for all writes: a closure for each costs as much as the write. */
  readonly #onWritten = () => this.#resumeWhenRoom();

  constructor(socket: NearEnd, reader: SocketReader | undefined, stream: DataStream, kept?: KeptChunks) {
    this.#socket = socket;
    this.#stream = stream;
    this.#kept = kept;
    if (reader === undefined)
      socket.on('data', (bytes: Buffer) => this.#deliver({ bytes, memory: undefined }));
    else reader.attach((chunk) => this.#deliver(chunk));
    socket.resume();
  }

  /** Bytes read from the socket so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Sends FIN behind all bytes, on this stream and on every later one. */
  finish(): void {
    this.#hasFinished = true;
    this.#stream?.end();
  }

  /** Keeps what is read, a limited amount, until the next `attach`. */
  detach(): void {
    this.#stream = undefined;
    this.#kept?.abandon();
    const { end, memory, limit } = this.#kept ?? { end: 0, memory: 0, limit: 0 };
    this.#adriftEnd = memory >= limit ? end : end + MAX_ADRIFT_BYTES;
    if (this.#isPaused) this.#resumeWhenRoom();
  }

  /** Sends everything that is kept on `stream`. */
  attach(stream: DataStream): void {
    this.#stream = stream;
    for (const bytes of this.#kept ?? []) stream.write(bytes, this.#onWritten);
    if (this.#hasFinished) stream.end();
    if (this.#isPaused) this.#resumeWhenRoom();
    else this.#pauseWhenFull();
  }

  /** Takes notice that kept bytes were acknowledged. */
  resumeWhenRoom(): void {
    if (this.#isPaused) this.#resumeWhenRoom();
  }

  #deliver(chunk: PooledChunk): void {
    const { bytes } = chunk;
    const stream = this.#stream;
    this.#bytes += bytes.length;
    if (this.#kept === undefined) {
      if (stream?.writable !== true) return;
      stream.write(bytes, (error) => {
        // After an error the session may still reference the bytes, so their memory is not returned to the pool.
        if (!error) releaseChunk(chunk);
        this.#resumeWhenRoom();
      });
    } else {
      this.#kept.push(chunk);
      if (stream?.writable === true) stream.write(bytes, this.#onWritten);
    }
    this.#pauseWhenFull();
  }

  #pauseWhenFull(): void {
    if (this.#isPaused || !this.#isFull()) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  #resumeWhenRoom(): void {
    if (!this.#isPaused || !this.#hasRoom()) return;
    this.#isPaused = false;
    this.#socket.resume();
  }

  #isFull(): boolean {
    const kept = this.#kept;
    if (this.#stream === undefined) return kept !== undefined && kept.end >= this.#adriftEnd;
    return this.#stream.writableLength >= PAUSE_BYTES || (kept !== undefined && kept.memory >= kept.limit);
  }

  #hasRoom(): boolean {
    const kept = this.#kept;
    if (this.#stream === undefined) return kept !== undefined && kept.end < this.#adriftEnd;
    return (
      this.#stream.writableLength <= RESUME_BYTES && (kept === undefined || kept.memory <= kept.limit / 2)
    );
  }
}
