const HEADER_BYTES = 5;
const BACKEND_KEY_DATA = 0x4b;
const READY_FOR_QUERY = 0x5a;
/** Process ID, and a secret of 4 bytes or, from protocol 3.2 on, up to 256. */
const MIN_KEY_BYTES = 8;
const MAX_KEY_BYTES = 4 + 256;
/** Reading stops after these bytes, many times what a server sends before its first ReadyForQuery. */
const MAX_BYTES = 256 * 1024;

/**
 * Finds the key with which a client's queries can be canceled (BackendKeyData) in the bytes from a PostgreSQL server.
 * Buffers at most one message header and the key.
 */
export class BackendKeyReader {
  #rest: Buffer = Buffer.alloc(0);
  /** Remaining bytes of a message that is skipped. */
  #skip = 0;
  #received = 0;
  #state: 'reading' | 'done' = 'reading';

  /** Whether the key has been found or can no longer come. */
  get isDone(): boolean {
    return this.#state === 'done';
  }

  /** Adds received bytes. Returns the key, process ID and secret as in a CancelRequest, once it is complete. */
  push(chunk: Buffer): Buffer | undefined {
    if (this.#state === 'done') return undefined;
    this.#received += chunk.length;
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const skipped = Math.min(this.#skip, bytes.length);
      this.#skip -= skipped;
      bytes = bytes.subarray(skipped);
      if (bytes.length < HEADER_BYTES) break;
      const length = bytes.readUInt32BE(1) - 4;
      const [type] = bytes;
      if (type === READY_FOR_QUERY || length < 0) return this.#finish();
      if (type === BACKEND_KEY_DATA) {
        if (length < MIN_KEY_BYTES || length > MAX_KEY_BYTES) return this.#finish();
        if (bytes.length < HEADER_BYTES + length) break;
        return this.#finish(Buffer.from(bytes.subarray(HEADER_BYTES, HEADER_BYTES + length)));
      }
      this.#skip = HEADER_BYTES + length;
    }
    // Shorter than a header or a key, since all other messages are skipped.
    this.#rest = Buffer.from(bytes);
    return this.#received > MAX_BYTES ? this.#finish() : undefined;
  }

  #finish(key?: Buffer): Buffer | undefined {
    this.#state = 'done';
    this.#rest = Buffer.alloc(0);
    return key;
  }
}
