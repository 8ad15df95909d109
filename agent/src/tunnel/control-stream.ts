import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { type MessageHandlers, readMessages } from '@penstock/transport';
import {
  type AgentMessage,
  CONNECT_PROTOCOL,
  type GatewayMessage,
  limits,
  paths,
  TunnelError,
} from '@penstock/wire';
import { encodeMessage, gatewayMessageDecoder } from '@penstock/wire/codec';
import { readBody, responseError, retryAfterSeconds } from './response-body.ts';

/** Control messages that may be queued for a gateway that does not read them. */
const MAX_QUEUED_BYTES = 16 * limits.controlMessageBytes;

export type ControlHandlers = MessageHandlers<GatewayMessage>;

/** The agent's end of the control stream. */
export class ControlStream {
  readonly #stream: ClientHttp2Stream;

  private constructor(stream: ClientHttp2Stream) {
    this.#stream = stream;
  }

  /** Opens the control stream. Call `listen` next. Throws ProblemError or GatewayError when the gateway refuses it. */
  static async open(session: ClientHttp2Session): Promise<ControlStream> {
    const stream = session.request(
      {
        ':method': 'CONNECT',
        ':protocol': CONNECT_PROTOCOL,
        ':scheme': 'https',
        ':path': paths.control,
      },
      { endStream: false },
    );
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const lost = () => reject(new TunnelError('SESSION_LOST'));
    stream.on('error', lost);
    stream.once('close', lost);
    stream.once('response', (headers) => {
      const status = headers[':status'] ?? 0;
      if (status === 200) {
        resolve();
        return;
      }
      stream.end();
      const retryAfter = retryAfterSeconds(headers['retry-after']);
      readBody(stream).then((body) => reject(responseError(status, body, retryAfter)), reject);
    });
    await promise;
    return new ControlStream(stream);
  }

  /** Starts reading messages. Call it once, immediately after `open`. */
  listen(handlers: ControlHandlers): void {
    const stream = this.#stream;
    const onEnd = (error: TunnelError) => {
      // What cannot be understood is not read to its end.
      if (!stream.readableEnded) stream.destroy();
      handlers.onEnd(error);
    };
    const onMessage = (message: GatewayMessage) => handlers.onMessage(message);
    readMessages(
      stream,
      gatewayMessageDecoder(),
      { onMessage, onEnd },
      'The gateway ended the control stream.',
    );
  }

  /** Whether the peer has not read what was sent before. */
  get isBlocked(): boolean {
    return this.#stream.writableLength > limits.controlMessageBytes;
  }

  /** Sends a message, or drops it if the stream has ended. Destroys the stream when the gateway does not read. `onSent` is called when it has left, or never. */
  send(message: AgentMessage, onSent = () => {}): void {
    if (!this.#stream.writable) return;
    this.#stream.write(encodeMessage(message), onSent);
    if (this.#stream.writableLength <= MAX_QUEUED_BYTES) return;
    this.#stream.destroy(new TunnelError('LIMIT_EXCEEDED', 'The gateway does not read its control stream.'));
  }

  /** Sends the last message and ends this direction, then calls `onSent`. The gateway then ends the session. */
  end(message: AgentMessage, onSent = () => {}): void {
    if (this.#stream.writable) this.#stream.end(encodeMessage(message), onSent);
    else onSent();
  }
}
