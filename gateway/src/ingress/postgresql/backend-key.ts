const HEADER = 5;
const BACKEND_KEY_DATA = 0x4b;
const READY_FOR_QUERY = 0x5a;
/** Process id and a secret of 4 bytes, or up to 256 from protocol 3.2 on. */
const MIN_KEY_BYTES = 8;
const MAX_KEY_BYTES = 4 + 256;
/** What a server says before its first ReadyForQuery fits many times; then nobody listens any longer. */
const MOST_BYTES = 256 * 1024;

/**
 * Listens to what a PostgreSQL server says to a client until it has given the client the key with which its queries
 * can be canceled (BackendKeyData). Keeps the header of one message and the key, and nothing else.
 */
export class BackendKeyReader {
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes of a message of no interest that are still to come. */
  #skip = 0;
  #taken = 0;
  #life: 'listening' | 'done' = 'listening';

  get isDone(): boolean {
    return this.#life === 'done';
  }

  /** Takes what the server has said; the key when it was in there: process id and secret as in a CancelRequest. */
  push(chunk: Buffer): Buffer | undefined {
    if (this.#life === 'done') return undefined;
    this.#taken += chunk.length;
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const skipped = Math.min(this.#skip, bytes.length);
      this.#skip -= skipped;
      bytes = bytes.subarray(skipped);
      if (bytes.length < HEADER) break;
      const length = bytes.readUInt32BE(1) - 4;
      const [type] = bytes;
      if (type === READY_FOR_QUERY || length < 0) return this.#end();
      if (type === BACKEND_KEY_DATA) {
        if (length < MIN_KEY_BYTES || length > MAX_KEY_BYTES) return this.#end();
        if (bytes.length < HEADER + length) break;
        return this.#end(Buffer.from(bytes.subarray(HEADER, HEADER + length)));
      }
      this.#skip = HEADER + length;
    }
    // Shorter than the header of a message, or than a key: all of a longer message is skipped.
    this.#rest = Buffer.from(bytes);
    return this.#taken > MOST_BYTES ? this.#end() : undefined;
  }

  #end(key?: Buffer): Buffer | undefined {
    this.#life = 'done';
    this.#rest = Buffer.alloc(0);
    return key;
  }
}
