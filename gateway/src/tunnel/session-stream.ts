import type { ServerHttp2Stream } from 'node:http2';
import { type FarLink, Http2FarEnd } from '@penstock/transport';
import { type CloseCode, TunnelError } from '@penstock/wire';
import type { TargetStream } from '../routing/session-contract.ts';

const NOTHING: readonly Buffer[] = [];

/** A data stream of a session, as routing and ingress use it. The request of the agent is not answered yet. */
export class SessionStream extends Http2FarEnd<ServerHttp2Stream> implements TargetStream {
  readonly peerReceived: number;
  #sent: readonly Buffer[] = NOTHING;
  #received = 0;

  /** With `link`, the connection outlives the stream, and the agent has handed on `peerReceived` bytes of it. */
  constructor(stream: ServerHttp2Stream, link?: FarLink, peerReceived = 0) {
    super(stream, link);
    this.peerReceived = peerReceived;
  }

  get beforeJoin(): TargetStream['beforeJoin'] {
    return { sent: this.#sent, received: this.#received };
  }

  send(bytes: Buffer): void {
    if (this.link !== undefined) this.#sent = [...this.#sent, bytes];
    this.stream.write(bytes);
  }

  countReceived(bytes: number): void {
    this.#received += bytes;
  }

  accept(): void {
    // A stream that its peer has reset is closed immediately, but destroyed only when it has been read.
    if (this.stream.closed) throw new TunnelError('SESSION_LOST');
    this.stream.respond({ ':status': 200 });
  }

  refuse(code: CloseCode): void {
    this.reset(code);
  }
}
