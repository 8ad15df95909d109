import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { packetsOf, packetTypes } from './packet.ts';

const TDS_HEADER = 8;
const APPLICATION_DATA = 0x17;

/**
 * The transport of TLS before TDS 8: handshake records are sent inside PRELOGIN packets, application records without a
 * wrapper. This requires TLS 1.2, which has no handshake records after the handshake.
 */
export class PreloginTransport extends Duplex {
  readonly #socket: Socket;
  #unread: Buffer = Buffer.alloc(0);
  #handshake: 'wrapped' | 'over' = 'wrapped';

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#unwrap(chunk));
    socket.on('end', () => this.push(null));
    socket.on('close', () => this.destroy());
  }

  #unwrap(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    while (this.#handshake === 'wrapped' && this.#unread.length >= TDS_HEADER) {
      if (this.#unread.readUInt8(0) !== packetTypes.prelogin) {
        this.#handshake = 'over';
        break;
      }
      const length = this.#unread.readUInt16BE(2);
      if (length < TDS_HEADER || this.#unread.length < length) return;
      this.push(this.#unread.subarray(TDS_HEADER, length));
      this.#unread = this.#unread.subarray(length);
    }
    if (this.#handshake === 'over' && this.#unread.length > 0) {
      this.push(this.#unread);
      this.#unread = Buffer.alloc(0);
    }
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    const isHandshake = this.#handshake === 'wrapped' && chunk.readUInt8(0) !== APPLICATION_DATA;
    this.#socket.write(isHandshake ? packetsOf(packetTypes.prelogin, chunk) : chunk, callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#socket.end(callback);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#socket.destroy();
    callback(error);
  }
}
