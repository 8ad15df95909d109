import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { TDS_HEADER_BYTES, tdsPackets, tdsTypes } from './tds-packet.ts';

const APPLICATION_DATA = 0x17;

/** Where the bytes of the client come from. */
export type ByteSource = {
  readonly onData: (deliver: (bytes: Buffer) => void) => void;
  readonly first: Buffer;
};

/**
 * The transport of TLS before TDS 8 (MS-TDS 3.2.5.1): the records of the handshake travel inside of PRELOGIN packets, all
 * others bare. Only TLS 1.2 can do that: later versions have handshake records after the handshake.
 */
export class PreloginTransport extends Duplex {
  readonly #socket: Socket;
  #unread: Buffer = Buffer.alloc(0);
  #state: 'handshake' | 'established' = 'handshake';

  constructor(socket: Socket, { onData, first }: ByteSource) {
    super();
    this.#socket = socket;
    socket.once('end', () => this.push(null));
    socket.once('close', () => this.destroy());
    this.#unwrap(first);
    onData((bytes) => this.#unwrap(bytes));
  }

  #unwrap(bytes: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, bytes]);
    while (this.#state === 'handshake' && this.#unread.length >= TDS_HEADER_BYTES) {
      if (this.#unread[0] !== tdsTypes.prelogin) {
        this.#state = 'established';
        break;
      }
      const length = this.#unread.readUInt16BE(2);
      if (length < TDS_HEADER_BYTES) {
        this.destroy();
        return;
      }
      if (this.#unread.length < length) return;
      this.push(this.#unread.subarray(TDS_HEADER_BYTES, length));
      this.#unread = this.#unread.subarray(length);
    }
    if (this.#state === 'established' && this.#unread.length > 0) {
      this.push(this.#unread);
      this.#unread = Buffer.alloc(0);
    }
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const isHandshake = this.#state === 'handshake' && chunk[0] !== APPLICATION_DATA;
    this.#socket.write(isHandshake ? tdsPackets(tdsTypes.prelogin, chunk) : chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
