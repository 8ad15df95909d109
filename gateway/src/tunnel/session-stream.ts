import type { ServerHttp2Stream } from 'node:http2';
import type { FarLink, StreamUse } from '@penstock/transport';
import { type CloseCode, TunnelError } from '@penstock/wire';
import { UnjoinedStream } from './unjoined-stream.ts';

/** A data stream of a session, as routing and ingress use it. The request of the agent is not answered yet. */
export class SessionStream extends UnjoinedStream<ServerHttp2Stream | StreamUse> {
  readonly #request: ServerHttp2Stream;
  readonly #ending: () => CloseCode | undefined;

  /**
   * `request` is what the agent opened the stream with. `ending` returns the code with which the agent resets all streams of the session, once
   * it has said so.
   */
  constructor(
    stream: ServerHttp2Stream | StreamUse,
    request: ServerHttp2Stream,
    ending: () => CloseCode | undefined,
    link?: FarLink,
    peerReceived?: number,
  ) {
    super(stream, link, peerReceived);
    this.#request = request;
    this.#ending = ending;
  }

  get peerResetCode(): CloseCode | undefined {
    return this.#ending();
  }

  accept(): void {
    // A stream that its peer has reset is closed immediately, but destroyed only when it has been read.
    if (this.#request.closed)
      throw new TunnelError(this.isLost ? 'SESSION_LOST' : (this.peerResetCode ?? 'TARGET_RESET'));
    // A stream that is used again was answered before.
    if (!this.#request.headersSent) this.#request.respond({ ':status': 200 });
  }
}
