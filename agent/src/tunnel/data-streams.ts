import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { type DataStream, emptyClosed, type StreamUse, type WindowShare } from '@penstock/transport';
import {
  CONNECT_PROTOCOL,
  limits,
  RECEIVED_HEADER,
  REUSABLE_HEADER,
  streamPath,
  TunnelError,
} from '@penstock/wire';
import { IdleStreams } from './idle-streams.ts';

export type DataStreamsOptions = {
  readonly windows: WindowShare;
  /** How many streams the gateway lets wait for their next connection; 0: none is used again. */
  readonly maxIdle: number;
  /** The gateway has sent what it must not. */
  readonly onViolation: (detail: string) => void;
  readonly onIdsExhausted: () => void;
};

/** The data streams of one session, within the limits of the gateway. */
export class DataStreams {
  readonly #http: ClientHttp2Session;
  readonly #options: DataStreamsOptions;
  readonly #reusable: IdleStreams;
  #opened = 0;

  constructor(http: ClientHttp2Session, options: DataStreamsOptions) {
    this.#http = http;
    this.#options = options;
    this.#reusable = new IdleStreams(options);
  }

  /** Why no further stream can be opened next to `current` open and opening ones, or undefined if one can. */
  refusal(current: number): TunnelError | undefined {
    // No stream can be opened after a GOAWAY (RFC 9113 section 6.8).
    if (this.#http.closed) return new TunnelError('AGENT_DRAINING');
    const allowed = this.#http.remoteSettings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
    // The gateway enforces its limit and reuses the place of a stream as soon as that stream has ended on its side, so
    // twice as many may exist on this side. Far beyond the limit, a request would be queued indefinitely.
    const maximum = 2 * Math.min(limits.streamsPerSession, allowed);
    if (current < maximum) return undefined;
    return new TunnelError('AGENT_OVERLOADED', `This session has reached its limit of ${maximum} streams.`);
  }

  /** Opens the data stream of an open; see OpenPort. Throws TunnelError AGENT_DRAINING when the session accepts none anymore. */
  open(id: string, received?: number): ClientHttp2Stream {
    const stream = this.#request(id, received, false);
    stream.on('close', () => emptyClosed(stream));
    this.#count(stream);
    return stream;
  }

  /**
   * The same for a new connection that may outlive the stream, which can be one that carried another and should be given back by `release`.
   */
  reuse(id: string): ClientHttp2Stream | StreamUse {
    if (this.#options.maxIdle === 0) return this.open(id, 0);
    this.#assertOpen();
    const use = this.#reusable.take(id) ?? this.#reusable.add(this.#request(id, 0, true)).use;
    this.#count(use);
    return use;
  }

  /** A connection has ended. Its stream can be used again if the gateway has acknowledged the end on it, and is closed otherwise. */
  release(use: StreamUse, isAcknowledged: boolean): void {
    this.#reusable.release(use.carrier, isAcknowledged);
  }

  /** Closes the streams that carry no connection, now and as soon as one no longer does. */
  closeIdle(): void {
    this.#reusable.close();
  }

  #count(stream: DataStream): void {
    const { windows } = this.#options;
    windows.streamOpened();
    stream.on('close', () => windows.streamClosed());
  }

  #assertOpen(): void {
    if (this.#http.closed) throw new TunnelError('AGENT_DRAINING');
  }

  #request(id: string, received: number | undefined, isReusable: boolean): ClientHttp2Stream {
    this.#assertOpen();
    const stream = this.#http.request(
      {
        ':method': 'CONNECT',
        ':protocol': CONNECT_PROTOCOL,
        ':scheme': 'https',
        ':path': streamPath(id),
        ...(received !== undefined && { [RECEIVED_HEADER]: String(received) }),
        ...(isReusable && { [REUSABLE_HEADER]: '1' }),
      },
      { endStream: false },
    );
    this.#opened += 1;
    if (this.#opened === limits.streamsBeforeRotation) this.#options.onIdsExhausted();
    return stream;
  }
}
