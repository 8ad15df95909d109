import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { emptyClosed, type WindowShare } from '@penstock/transport';
import { CONNECT_PROTOCOL, limits, RECEIVED_HEADER, streamPath, TunnelError } from '@penstock/wire';

/** Opens the data streams of one session, within the limits of the gateway. */
export class DataStreams {
  readonly #http: ClientHttp2Session;
  readonly #windows: WindowShare;
  readonly #onIdsExhausted: () => void;
  #opened = 0;

  constructor(http: ClientHttp2Session, windows: WindowShare, onIdsExhausted: () => void) {
    this.#http = http;
    this.#windows = windows;
    this.#onIdsExhausted = onIdsExhausted;
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
    if (this.#http.closed) throw new TunnelError('AGENT_DRAINING');
    const stream = this.#http.request(
      {
        ':method': 'CONNECT',
        ':protocol': CONNECT_PROTOCOL,
        ':scheme': 'https',
        ':path': streamPath(id),
        ...(received !== undefined && { [RECEIVED_HEADER]: String(received) }),
      },
      { endStream: false },
    );
    this.#windows.streamOpened();
    stream.on('close', () => {
      emptyClosed(stream);
      this.#windows.streamClosed();
    });
    this.#opened += 1;
    if (this.#opened === limits.streamsBeforeRotation) this.#onIdsExhausted();
    return stream;
  }
}
