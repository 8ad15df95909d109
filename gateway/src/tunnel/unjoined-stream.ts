import type { Http2Stream } from 'node:http2';
import { type FarLink, Http2FarEnd, type StreamUse } from '@penstock/transport';
import type { CloseCode } from '@penstock/wire';
import type { TargetStream } from '../routing/session-contract.ts';

const NOTHING: readonly Buffer[] = [];

/** A stream to a target, before and after it is joined with its client. What accepts it depends on how it came. */
export abstract class UnjoinedStream<Stream extends Http2Stream | StreamUse>
  extends Http2FarEnd<Stream>
  implements TargetStream
{
  readonly peerReceived: number;
  #sent: readonly Buffer[] = NOTHING;
  #received = 0;

  /** With `link`, the connection outlives the stream, and the agent has handed on `peerReceived` bytes of it. */
  constructor(stream: Stream, link?: FarLink, peerReceived = 0) {
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

  abstract accept(): void;

  refuse(code: CloseCode): void {
    this.reset(code);
  }
}
