import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import type { WindowShare } from '@penstock/transport';
import { CONNECT_PROTOCOL, limits, streamPath, TunnelError } from '@penstock/wire';

/** Brings the data streams of one session, within what the gateway allows. */
export class DataStreams {
  readonly #http: ClientHttp2Session;
  readonly #windows: WindowShare;
  readonly #onIdsRunOut: () => void;
  #brought = 0;

  constructor(http: ClientHttp2Session, windows: WindowShare, onIdsRunOut: () => void) {
    this.#http = http;
    this.#windows = windows;
    this.#onIdsRunOut = onIdsRunOut;
  }

  /** Undefined when one more may be asked for beside `taken` live and coming ones. */
  refusal(taken: number): TunnelError | undefined {
    // After a GOAWAY no stream can be brought any more (RFC 9113 section 6.8).
    if (this.#http.closed) return new TunnelError('AGENT_DRAINING');
    const allowed = this.#http.remoteSettings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
    // The gateway counts, and asks for the place of a stream as soon as that has ended for it: here as many again may
    // still be on their way out. Far beyond its limit a request would wait without an end.
    const most = 2 * Math.min(limits.streamsPerSession, allowed);
    if (taken < most) return undefined;
    return new TunnelError('AGENT_OVERLOADED', `This session has its ${most} streams.`);
  }

  /** Opens the data stream of an open. Throws TunnelError AGENT_DRAINING when the session takes none any more. */
  bring(id: string): ClientHttp2Stream {
    if (this.#http.closed) throw new TunnelError('AGENT_DRAINING');
    const stream = this.#http.request(
      {
        ':method': 'CONNECT',
        ':protocol': CONNECT_PROTOCOL,
        ':scheme': 'https',
        ':path': streamPath(id),
      },
      { endStream: false },
    );
    this.#windows.streamOpened();
    stream.once('close', () => this.#windows.streamClosed());
    this.#brought += 1;
    if (this.#brought === limits.streamsBeforeRotation) this.#onIdsRunOut();
    return stream;
  }
}
