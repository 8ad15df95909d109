/** Frame types of RFC 9113 section 6. */
export const frameType = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const frameFlag = { END_STREAM: 0x1, ACK: 0x1, END_HEADERS: 0x4, PADDED: 0x8 } as const;

export const CONNECTION_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export type Frame = {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
};

const HEADER_BYTES = 9;

/** Encodes one frame. `length` overrides the payload length in the header and may be wrong. */
export function encodeFrame(frame: Frame, length = frame.payload.length): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUIntBE(length, 0, 3);
  header.writeUInt8(frame.type, 3);
  header.writeUInt8(frame.flags, 4);
  header.writeUInt32BE(frame.streamId, 5);
  return Buffer.concat([header, frame.payload]);
}

/** Splits received bytes into frames. */
export class FrameDecoder {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Frame[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    while (this.#rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < end) break;
      frames.push({
        type: this.#rest.readUInt8(3),
        flags: this.#rest.readUInt8(4),
        streamId: this.#rest.readUInt32BE(5) & 0x7fff_ffff,
        payload: this.#rest.subarray(HEADER_BYTES, end),
      });
      this.#rest = this.#rest.subarray(end);
    }
    return frames;
  }
}

/** Payload of a SETTINGS frame. */
export function settingsPayload(entries: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(entries.length * 6);
  for (const [index, [id, value]] of entries.entries()) {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  }
  return payload;
}

/** A 32-bit payload, as in RST_STREAM and WINDOW_UPDATE. */
export function uint32Payload(value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return payload;
}
