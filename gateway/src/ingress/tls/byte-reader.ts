/** Received bytes do not conform to their protocol. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

/** Reads big-endian integers and vectors from untrusted bytes. Every method throws DecodeError at the end of them. */
export class ByteReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Bytes that have not been read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  uint8(): number {
    return this.bytes(1).readUInt8(0);
  }

  uint16(): number {
    return this.bytes(2).readUInt16BE(0);
  }

  uint24(): number {
    return this.bytes(3).readUIntBE(0, 3);
  }

  /** Returns a view, not a copy. */
  bytes(length: number): Buffer {
    if (length > this.remaining) {
      throw new DecodeError(`expected ${length} bytes, found ${this.remaining}`);
    }
    this.#offset += length;
    return this.#bytes.subarray(this.#offset - length, this.#offset);
  }

  /** Reads a vector that is preceded by its length in 1 or 2 bytes. */
  vector(lengthBytes: 1 | 2): ByteReader {
    return new ByteReader(this.bytes(lengthBytes === 1 ? this.uint8() : this.uint16()));
  }
}
