import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import type { HostPort } from '@penstock/config-schema';
import type { TestCertificate } from './certificates.ts';
import { deadline, PATIENCE_MS } from './deadline.ts';
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
  /** ALPN to offer; `h2` by default. */
  readonly alpn?: readonly string[];
  /** Another loopback address to connect from. */
  readonly from?: string;
};

export type HeaderPairs = readonly (readonly [name: string, value: string])[];

const HEADER_TABLE_SIZE = 1;
const FRAMES_KEPT = 10_000;

/**
 * An HTTP/2 client over TLS that writes frames by hand and follows no rule. It trusts every server, sends nothing
 * automatically, not even the preface, and records what the server sends in `frames`.
 */
export class HostilePeer implements AsyncDisposable {
  readonly socket: TLSSocket;
  /** The first ten thousand frames that the server sent, oldest first. */
  readonly frames: Frame[] = [];
  /** Resolves when the socket has been closed by either side. */
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

  /** Establishes only the TLS connection. */
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

  /** Sends the preface, SETTINGS that disable the dynamic table, and the acknowledgment of the server's SETTINGS. */
  async greet(): Promise<void> {
    this.write(CONNECTION_PREFACE);
    this.settings([[HEADER_TABLE_SIZE, 0]]);
    await this.frame('the SETTINGS of the server', ({ type }) => type === frameType.SETTINGS);
    this.send(frameType.SETTINGS, frameFlag.ACK, 0);
  }

  /** Sends arbitrary bytes. A closed connection is not an error. */
  write(bytes: Buffer | string): void {
    if (this.socket.writable) this.socket.write(bytes);
  }

  /** Sends the result of `make` `count` times, as fast as it is accepted. Stops when the connection ends. */
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

  /** Stops reading from the server. */
  stall(): void {
    this.socket.pause();
  }

  /** Sends one byte at a time, each after the system has accepted the previous one. */
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

  /** Sends HEADERS that end the block; `endStream` for a request without a body. */
  headers(streamId: number, pairs: HeaderPairs, { endStream = false } = {}): void {
    const flags = frameFlag.END_HEADERS | (endStream ? frameFlag.END_STREAM : 0);
    this.send(frameType.HEADERS, flags, streamId, encodeHeaders(pairs));
  }

  /** Sends HEADERS that do not end the block: CONTINUATION frames must follow. */
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

  /** Waits until the server has sent a frame that `matches`; it may have arrived already. */
  async frame(what: string, matches: (frame: Frame) => boolean, within = PATIENCE_MS): Promise<Frame> {
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

  /** Returns the status of the server's response on a stream. Requires `greet`. */
  async status(streamId: number, within = PATIENCE_MS): Promise<number | undefined> {
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

/** Returns the fields of an extended CONNECT (RFC 8441 section 4) to `path`. */
export function extendedConnect(path: string, protocol: string, authority = 'localhost'): HeaderPairs {
  return [
    [':method', 'CONNECT'],
    [':protocol', protocol],
    [':scheme', 'https'],
    [':path', path],
    [':authority', authority],
  ];
}
