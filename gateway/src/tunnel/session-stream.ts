import type { ServerHttp2Stream } from 'node:http2';
import type { FarLink } from '@penstock/transport';
import { type CloseCode, TunnelError } from '@penstock/wire';
import { UnjoinedStream } from './unjoined-stream.ts';

/** A data stream of a session, as routing and ingress use it. The request of the agent is not answered yet. */
export class SessionStream extends UnjoinedStream<ServerHttp2Stream> {
  readonly #ending: () => CloseCode | undefined;

  /** `ending` returns the code with which the agent resets all streams of the session, once it has said so. */
  constructor(
    stream: ServerHttp2Stream,
    ending: () => CloseCode | undefined,
    link?: FarLink,
    peerReceived?: number,
  ) {
    super(stream, link, peerReceived);
    this.#ending = ending;
  }

  get peerResetCode(): CloseCode | undefined {
    return this.#ending();
  }

  accept(): void {
    // A stream that its peer has reset is closed immediately, but destroyed only when it has been read.
    if (this.stream.closed) throw new TunnelError('SESSION_LOST');
    this.stream.respond({ ':status': 200 });
  }
}
