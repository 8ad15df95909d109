/** Pieces below this size are copied into a common block: each would keep a buffer of its own, and what it was received in. */
const SMALL_BYTES = 1024;
const BLOCK_BYTES = 16 * 1024;

/** Data that has arrived and waits for its reader. What it costs to keep and to take is in proportion to its bytes, not its pieces. */
export class WaitingData {
  #pieces: Buffer[] = [];
  #first = 0;
  /** Comes behind the pieces. */
  #block: Buffer | undefined;
  #blockLength = 0;
  #length = 0;

  /** In bytes. */
  get length(): number {
    return this.#length;
  }

  push(bytes: Buffer): void {
    this.#length += bytes.length;
    if (bytes.length >= SMALL_BYTES) {
      this.#closeBlock();
      this.#pieces.push(bytes);
      return;
    }
    if (this.#blockLength + bytes.length > BLOCK_BYTES) this.#closeBlock();
    this.#block ??= Buffer.allocUnsafeSlow(BLOCK_BYTES);
    bytes.copy(this.#block, this.#blockLength);
    this.#blockLength += bytes.length;
  }

  /** Takes what came first. */
  shift(): Buffer | undefined {
    if (this.#first === this.#pieces.length) this.#closeBlock();
    const piece = this.#pieces[this.#first];
    if (piece === undefined) return undefined;
    this.#first += 1;
    this.#length -= piece.length;
    if (this.#length === 0) this.clear();
    else if (this.#first === this.#pieces.length) this.#forgetPieces();
    return piece;
  }

  /** Takes everything as one buffer; undefined if there is nothing. */
  takeAll(): Buffer | undefined {
    this.#closeBlock();
    const pieces = this.#pieces.slice(this.#first);
    this.clear();
    return pieces.length > 1 ? Buffer.concat(pieces) : pieces[0];
  }

  clear(): void {
    this.#forgetPieces();
    this.#block = undefined;
    this.#blockLength = 0;
    this.#length = 0;
  }

  #closeBlock(): void {
    if (this.#block === undefined || this.#blockLength === 0) return;
    const bytes = this.#block.subarray(0, this.#blockLength);
    const isFull = bytes.length >= BLOCK_BYTES / 2;
    this.#pieces.push(isFull ? bytes : Buffer.from(bytes));
    if (isFull) this.#block = undefined;
    this.#blockLength = 0;
  }

  #forgetPieces(): void {
    this.#pieces = [];
    this.#first = 0;
  }
}
