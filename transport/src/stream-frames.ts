/** Bytes of the length before each frame. */
const HEADER_BYTES = 4;

/** A frame that ends the direction of a connection: one without bytes. */
export const END_FRAME = Buffer.alloc(HEADER_BYTES);

/** Instead of a length: everything that follows is data, up to the end of the HTTP/2 stream. */
const UNFRAMED = 2 ** 32 - 1;
export const UNFRAMED_HEADER = frameHeader(UNFRAMED);

/** Bytes up to which a frame is copied behind its length, which is cheaper than to write two buffers. */
export const COPIED_BYTES = 4096;

/** The length of a frame, which precedes it. */
export function frameHeader(length: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt32BE(length);
  return header;
}

/** A small frame with its length. */
export function smallFrame(bytes: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + bytes.length);
  frame.writeUInt32BE(bytes.length);
  bytes.copy(frame, HEADER_BYTES);
  return frame;
}

/** Takes the lengths out of what was received, in whatever pieces it arrives. */
export class FrameReader {
  /** Bytes of the current frame that have not arrived. */
  #left = 0;
  #header = 0;
  #headerBytes = 0;
  #isUnframed = false;

  /** Whether the peer frames nothing anymore. */
  get isUnframed(): boolean {
    return this.#isUnframed;
  }

  /**
   * Calls `take` with each piece of a frame, and whether it completes the frame. A piece without bytes is an end if it does, and otherwise
   * says that no more frames follow. Returns what the last call has returned.
   */
  read(chunk: Buffer, take: (piece: Buffer, isComplete: boolean) => boolean): boolean {
    if (this.#isUnframed) return take(chunk, false);
    let isMoreWanted = true;
    let at = 0;
    while (at < chunk.length) {
      if (this.#left === 0) {
        while (this.#headerBytes < HEADER_BYTES && at < chunk.length) {
          this.#header = this.#header * 256 + (chunk[at] ?? 0);
          this.#headerBytes += 1;
          at += 1;
        }
        if (this.#headerBytes < HEADER_BYTES) return isMoreWanted;
        if (this.#header === UNFRAMED) {
          this.#isUnframed = true;
          isMoreWanted = take(chunk.subarray(at, at), false);
          return at < chunk.length ? take(chunk.subarray(at), false) : isMoreWanted;
        }
        this.#left = this.#header;
        this.#header = 0;
        this.#headerBytes = 0;
        if (this.#left === 0) isMoreWanted = take(chunk.subarray(at, at), true);
        continue;
      }
      const end = Math.min(chunk.length, at + this.#left);
      this.#left -= end - at;
      isMoreWanted = take(
        at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end),
        this.#left === 0,
      );
      at = end;
    }
    return isMoreWanted;
  }
}
