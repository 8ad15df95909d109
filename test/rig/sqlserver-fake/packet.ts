import type { Duplex } from 'node:stream';

/** Packet types of TDS ([MS-TDS] 2.2.3.1.1) that the fake supports. */
export const packetTypes = {
  sqlBatch: 0x01,
  rpc: 0x03,
  answer: 0x04,
  attention: 0x06,
  login7: 0x10,
  prelogin: 0x12,
} as const;

const HEADER = 8;
const END_OF_MESSAGE = 0x01;
/** The packet size negotiated by a login, including the header, and the maximum that the fake reads. */
export const PACKET_SIZE = 4096;
const MAX_MESSAGE = 16 * 1024 * 1024;

export type Message = { readonly type: number; readonly data: Buffer };

/** Encodes one packet, including its header. */
function packet(type: number, data: Buffer, { last, id }: { last: boolean; id: number }): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt8(type, 0);
  header.writeUInt8(last ? END_OF_MESSAGE : 0, 1);
  header.writeUInt16BE(HEADER + data.length, 2);
  header.writeUInt8(id & 0xff, 6);
  return Buffer.concat([header, data]);
}

/** Splits a message into packets. */
export function packetsOf(type: number, data: Buffer): Buffer {
  const room = PACKET_SIZE - HEADER;
  const packets: Buffer[] = [];
  for (let from = 0; from === 0 || from < data.length; from += room) {
    const piece = data.subarray(from, from + room);
    packets.push(packet(type, piece, { last: from + room >= data.length, id: packets.length + 1 }));
  }
  return Buffer.concat(packets);
}

/** Reads messages from a stream, one at a time; data after a message stays in the stream. */
export class MessageReader {
  readonly #stream: Duplex;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  /**
   * Returns the next message, or undefined if the stream ends before it is complete. Rejects if the data is not TDS.
   */
  async read(): Promise<Message | undefined> {
    const pieces: Buffer[] = [];
    let length = 0;
    for (;;) {
      const header = await this.#bytes(HEADER);
      if (header === undefined) return undefined;
      const size = header.readUInt16BE(2) - HEADER;
      if (size < 0 || length + size > MAX_MESSAGE)
        throw new Error(`This is not a TDS packet: ${header.toString('hex')}`);
      const data = size === 0 ? Buffer.alloc(0) : await this.#bytes(size);
      if (data === undefined) return undefined;
      pieces.push(data);
      length += size;
      if ((header.readUInt8(1) & END_OF_MESSAGE) !== 0) {
        return { type: header.readUInt8(0), data: Buffer.concat(pieces) };
      }
    }
  }

  async #bytes(count: number): Promise<Buffer | undefined> {
    for (;;) {
      const bytes: unknown = this.#stream.read(count);
      if (Buffer.isBuffer(bytes)) {
        if (bytes.length === count) return bytes;
        // At its end, a stream returns the remaining data.
        return undefined;
      }
      if (this.#stream.readableEnded || this.#stream.destroyed) return undefined;
      await this.#change();
    }
  }

  async #change(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const signs = ['readable', 'end', 'close'] as const;
    for (const sign of signs) this.#stream.once(sign, resolve);
    await promise;
    for (const sign of signs) this.#stream.off(sign, resolve);
  }
}
