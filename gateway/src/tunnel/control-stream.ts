import type { ServerHttp2Stream } from 'node:http2';
import { type MessageHandlers, readMessages } from '@penstock/transport';
import { type AgentMessage, type GatewayMessage, limits, TunnelError, type Unsent } from '@penstock/wire';
import { agentMessageDecoder, encodeMessage } from '@penstock/wire/codec';

/** Bytes of control messages buffered for an agent that does not read them. */
const MAX_BUFFERED_BYTES = 16 * limits.controlMessageBytes;

export type ControlHandlers = MessageHandlers<AgentMessage>;

/** The gateway's end of a control stream. */
export class ControlStream {
  readonly #stream: ServerHttp2Stream;

  /** Answers the request `stream`. Throws what `respond` throws when the stream has closed already. */
  constructor(stream: ServerHttp2Stream, handlers: ControlHandlers) {
    this.#stream = stream;
    readMessages(stream, agentMessageDecoder(), handlers, 'The agent closed the control stream.');
    stream.respond({ ':status': 200 });
  }

  /** Whether the peer has not read what was sent before. */
  get isBlocked(): boolean {
    return this.#stream.writableLength > limits.controlMessageBytes;
  }

  /** Sends a message; drops it once the stream has ended. Ends the stream when the agent does not read it. */
  send(message: Unsent<GatewayMessage>): void {
    if (!this.#stream.writable) return;
    this.#stream.write(encodeMessage(message));
    if (this.#stream.writableLength <= MAX_BUFFERED_BYTES) return;
    this.#stream.destroy(new TunnelError('LIMIT_EXCEEDED', 'The agent does not read its control stream.'));
  }

  /** Sends a last message and ends the gateway's side of the stream. */
  end(message: GatewayMessage): void {
    if (this.#stream.writable) this.#stream.end(encodeMessage(message));
  }
}
