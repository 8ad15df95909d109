import type { ServerHttp2Stream } from 'node:http2';
import { TunnelError } from '@penstock/wire';
import { UnjoinedStream } from './unjoined-stream.ts';

/** A data stream of a session, as routing and ingress use it. The request of the agent is not answered yet. */
export class SessionStream extends UnjoinedStream<ServerHttp2Stream> {
  accept(): void {
    // A stream that its peer has reset is closed immediately, but destroyed only when it has been read.
    if (this.stream.closed) throw new TunnelError('SESSION_LOST');
    this.stream.respond({ ':status': 200 });
  }
}
