import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { TDS_HEADER_BYTES, tdsPackets, tdsTypes } from './tds-packet.ts';

const APPLICATION_DATA = 0x17;

/**
 * The transport of TLS before TDS 8 (MS-TDS 3.2.5.1): the records of the handshake are sent inside PRELOGIN packets,
 * all others bare. Only TLS 1.2 can do that: later versions have handshake records after the handshake.
 */
export class PreloginTransport extends Duplex {
  readonly #socket: Socket;
  #unread: Buffer = Buffer.alloc(0);
  #state: 'handshake' | 'established' = 'handshake';

  /** `first`: bytes already read from the socket. The caller passes all others to `receive`. */
  constructor(socket: Socket, first: Buffer) {
    super();
    this.#socket = socket;
    socket.once('end', () => this.push(null));
    socket.once('close', () => this.destroy());
    this.receive(first);
  }

  receive(bytes: Buffer): void {
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
      this.#deliver(this.#unread.subarray(TDS_HEADER_BYTES, length));
      this.#unread = this.#unread.subarray(length);
    }
    if (this.#state === 'established' && this.#unread.length > 0) {
      this.#deliver(this.#unread);
      this.#unread = Buffer.alloc(0);
    }
  }

  #deliver(bytes: Buffer): void {
    if (!this.push(bytes)) this.#socket.pause();
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
