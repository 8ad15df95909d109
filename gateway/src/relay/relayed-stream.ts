import type { ClientHttp2Stream } from 'node:http2';
import { TunnelError } from '@penstock/wire';
import { UnjoinedStream } from '../tunnel/unjoined-stream.ts';

/** The first byte of a relayed stream: the client's replica accepts the target. All others are those of the client. */
export const ACCEPT = Buffer.of(1);

/** A stream to a target by way of another replica, which has connected it and waits for `ACCEPT`. */
export class RelayedStream extends UnjoinedStream<ClientHttp2Stream> {
  readonly replica: string;

  constructor(replica: string, ...stream: ConstructorParameters<typeof UnjoinedStream<ClientHttp2Stream>>) {
    super(...stream);
    this.replica = replica;
  }

  accept(): void {
    if (this.stream.closed) throw new TunnelError('SESSION_LOST');
    this.stream.write(ACCEPT);
  }
}
