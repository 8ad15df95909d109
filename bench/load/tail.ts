import { TRAILER_BYTES } from './target-protocol.ts';

/** Counts the bytes of a stream and keeps the last few, which contain the sender's count. */
export class Tail {
  readonly last: Buffer = Buffer.alloc(TRAILER_BYTES);
  bytes = 0;

  take(piece: Buffer): void {
    this.bytes += piece.length;
    const { last } = this;
    if (piece.length >= last.length) {
      piece.copy(last, 0, piece.length - last.length);
    } else {
      last.copy(last, 0, piece.length);
      piece.copy(last, last.length - piece.length);
    }
  }
}
