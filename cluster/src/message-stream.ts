import type { Http2Stream } from 'node:http2';
import { type MessageHandlers, readMessages } from '@penstock/transport';
import { TunnelError } from '@penstock/wire';
import { compiledOnce, encodeLine, MessageDecoder } from '@penstock/wire/codec';
import { peerLimits } from './peer-limits.ts';
import { type FollowerMessage, followerMessages, type OwnerMessage, ownerMessages } from './peer-message.ts';

/** The messages of one peer session, in both directions. */
export class MessageStream<Outgoing extends { readonly type: string }> {
  readonly #stream: Http2Stream;

  private constructor(stream: Http2Stream) {
    this.#stream = stream;
  }

  /** The end of the replica whose sessions these are. */
  static owner(stream: Http2Stream, handlers: MessageHandlers<FollowerMessage>): MessageStream<OwnerMessage> {
    return MessageStream.#open<FollowerMessage, OwnerMessage>(stream, handlers, fromFollower());
  }

  /** The end of the replica that follows them. */
  static follower(
    stream: Http2Stream,
    handlers: MessageHandlers<OwnerMessage>,
  ): MessageStream<FollowerMessage> {
    return MessageStream.#open<OwnerMessage, FollowerMessage>(stream, handlers, fromOwner());
  }

  static #open<Incoming extends { readonly type: string }, Outgoing extends { readonly type: string }>(
    stream: Http2Stream,
    handlers: MessageHandlers<Incoming>,
    validators: ReturnType<typeof fromOwner>,
  ): MessageStream<Outgoing> {
    const decoder = new MessageDecoder<Incoming>(validators, peerLimits.messageBytes);
    readMessages(stream, decoder, handlers, 'The peer closed its session.', true);
    return new MessageStream<Outgoing>(stream);
  }

  /** Whether the peer is so far behind that what can be sent later should be. */
  get isLagging(): boolean {
    return this.#stream.writableLength > peerLimits.laggingBytes;
  }

  /** Calls `listener` once, when everything has left or the stream has ended. Check `isLagging` first. */
  onDrained(listener: () => void): void {
    const stream = this.#stream;
    const done = () => {
      stream.off('drain', done).off('close', done);
      listener();
    };
    stream.once('drain', done).once('close', done);
  }

  /** Sends a message; drops it once the stream has ended. Ends the stream when the peer does not read it. */
  send(message: Outgoing): void {
    if (!this.#stream.writable) return;
    this.#stream.write(encodeLine(message, peerLimits.messageBytes));
    if (this.#stream.writableLength <= peerLimits.maxUnsentBytes) return;
    this.#stream.destroy(new TunnelError('LIMIT_EXCEEDED', 'The peer does not read its messages.'));
  }
}

const fromFollower = compiledOnce(followerMessages);
const fromOwner = compiledOnce(ownerMessages);
