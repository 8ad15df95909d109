import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import type { HostPort } from '@penstock/config-schema';
import type { TestCertificate } from './certificates.ts';
import { deadline } from './deadline.ts';
import { decodeStatus, encodeHeaders } from './hpack-literal.ts';
import {
  CONNECTION_PREFACE,
  encodeFrame,
  type Frame,
  FrameDecoder,
  frameFlag,
  frameType,
  settingsPayload,
  uint32Payload,
} from './http2-frame.ts';

export type HostilePeerOptions = {
  readonly to: HostPort;
  /** Client certificate to present. */
  readonly identity?: TestCertificate;
  /** ALPN to offer; `h2` when left out. */
  readonly alpn?: readonly string[];
  /** Another loopback address to come from. */
  readonly from?: string;
};

export type HeaderPairs = readonly (readonly [name: string, value: string])[];

const HEADER_TABLE_SIZE = 1;
const FRAMES_KEPT = 10_000;

/**
 * An HTTP/2 client over TLS that writes frames by hand and keeps to no rule. It trusts every server, sends
 * nothing on its own, not even the preface, and keeps what the server sends in `frames`.
 */
export class HostilePeer implements AsyncDisposable {
  readonly socket: TLSSocket;
  /** What the server sent, oldest first; the first ten thousand frames. */
  readonly frames: Frame[] = [];
  /** Settles when the socket has closed, whoever closed it. */
  readonly closed: Promise<void>;
  readonly #decoder = new FrameDecoder();
  readonly #watchers = new Set<() => void>();

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    socket.on('error', () => {});
    socket.once('close', () => {
      resolve();
      for (const watcher of this.#watchers) watcher();
    });
    socket.on('data', (chunk: Buffer) => {
      if (this.frames.length < FRAMES_KEPT) this.frames.push(...this.#decoder.push(chunk));
      for (const watcher of this.#watchers) watcher();
    });
  }

  /** Makes the TLS connection and stops there. */
  static async connect({ to, identity, alpn = ['h2'], from }: HostilePeerOptions): Promise<HostilePeer> {
    const socket = connect({
      ...to,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      ...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
      ...(from !== undefined && { localAddress: from }),
      ...(identity === undefined ? {} : { cert: identity.chain, key: identity.key }),
    });
    const peer = new HostilePeer(socket);
    await deadline('the TLS handshake of a hostile peer', once(socket, 'secureConnect'));
    return peer;
  }

  /** Preface, SETTINGS that switch the dynamic table off, and the acknowledgement of the server's SETTINGS. */
  async greet(): Promise<void> {
    this.write(CONNECTION_PREFACE);
    this.settings([[HEADER_TABLE_SIZE, 0]]);
    await this.frame('the SETTINGS of the server', ({ type }) => type === frameType.SETTINGS);
    this.send(frameType.SETTINGS, frameFlag.ACK, 0);
  }

  /** Any bytes at all. A peer that is gone does not matter. */
  write(bytes: Buffer | string): void {
    if (this.socket.writable) this.socket.write(bytes);
  }

  /** Sends what `make` gives, `count` times, as fast as it is taken; ends when the connection does. */
  async flood(count: number, make: (index: number) => void): Promise<void> {
    for (let index = 0; index < count && this.socket.writable; index += 1) {
      make(index);
      if (this.socket.writableNeedDrain) {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.socket.once('drain', resolve).once('close', resolve);
        await promise;
        this.socket.off('drain', resolve).off('close', resolve);
      }
    }
  }

  /** Reads nothing more of what the server sends. */
  stall(): void {
    this.socket.pause();
  }

  /** One byte at a time, each after the system has taken the one before. */
  async trickle(bytes: Buffer): Promise<void> {
    for (const byte of bytes) {
      if (!this.socket.writable) return;
      await new Promise<void>((resolve) => this.socket.write(Buffer.from([byte]), () => resolve()));
    }
  }

  send(type: number, flags: number, streamId: number, payload: Buffer = Buffer.alloc(0)): void {
    this.write(encodeFrame({ type, flags, streamId, payload }));
  }

  settings(entries: readonly (readonly [id: number, value: number])[]): void {
    this.send(frameType.SETTINGS, 0, 0, settingsPayload(entries));
  }

  /** HEADERS that end the block; `endStream` for a request without a body. */
  headers(streamId: number, pairs: HeaderPairs, { endStream = false } = {}): void {
    const flags = frameFlag.END_HEADERS | (endStream ? frameFlag.END_STREAM : 0);
    this.send(frameType.HEADERS, flags, streamId, encodeHeaders(pairs));
  }

  /** HEADERS that do not end the block: CONTINUATION frames have to follow. */
  openHeaders(streamId: number, pairs: HeaderPairs): void {
    this.send(frameType.HEADERS, 0, streamId, encodeHeaders(pairs));
  }

  continuation(streamId: number, pairs: HeaderPairs, { endHeaders = false } = {}): void {
    this.send(frameType.CONTINUATION, endHeaders ? frameFlag.END_HEADERS : 0, streamId, encodeHeaders(pairs));
  }

  data(streamId: number, payload: Buffer, { endStream = false } = {}): void {
    this.send(frameType.DATA, endStream ? frameFlag.END_STREAM : 0, streamId, payload);
  }

  reset(streamId: number, code: number): void {
    this.send(frameType.RST_STREAM, 0, streamId, uint32Payload(code));
  }

  /** Waits until the server has sent a frame that `matches`, which may have come before. */
  async frame(what: string, matches: (frame: Frame) => boolean, within = 5000): Promise<Frame> {
    const { promise, resolve, reject } = Promise.withResolvers<Frame>();
    const look = () => {
      const found = this.frames.find(matches);
      if (found !== undefined) resolve(found);
      else if (this.socket.closed) reject(new Error(`The server closed the connection before ${what}.`));
    };
    this.#watchers.add(look);
    try {
      look();
      return await deadline(what, promise, within);
    } finally {
      this.#watchers.delete(look);
    }
  }

  /** The status the server answered on a stream. Needs `greet`. */
  async status(streamId: number, within = 5000): Promise<number | undefined> {
    const answer = await this.frame(
      `an answer on stream ${streamId}`,
      (frame) => frame.type === frameType.HEADERS && frame.streamId === streamId,
      within,
    );
    return decodeStatus(answer.payload);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }
}

/** The fields of an extended CONNECT (RFC 8441 section 4) to `path`. */
export function extendedConnect(path: string, protocol: string, authority = 'localhost'): HeaderPairs {
  return [
    [':method', 'CONNECT'],
    [':protocol', protocol],
    [':scheme', 'https'],
    [':path', path],
    [':authority', authority],
  ];
}
