/** What was read is not what the protocol allows at this place. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

/** Reads big-endian numbers and vectors from bytes that a stranger sent. Every method throws DecodeError past the end. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
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

  /** A view, not a copy. */
  bytes(length: number): Buffer {
    if (length > this.left) throw new DecodeError(`${length} bytes are announced and ${this.left} are there`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** A vector whose length stands before it in 1 or 2 bytes. */
  vector(lengthBytes: 1 | 2): ByteReader {
    return new ByteReader(this.bytes(lengthBytes === 1 ? this.uint8() : this.uint16()));
  }
}
