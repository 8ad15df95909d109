import type { Readable } from 'node:stream';
import { errorText, TunnelError } from '@penstock/wire';
import type { MessageDecoder } from '@penstock/wire/codec';

export type MessageHandlers<Message> = {
  onMessage(message: Message): void;
  /** The stream has ended, or cannot be understood. Called once, after the last message. */
  onEnd(error: TunnelError): void;
};

/**
 * Reads messages from a stream until it ends, however it does; `closed` is the text of an end that says nothing else. The caller
 * destroys the stream after `onEnd`.
 */
export function readMessages<Message extends { readonly type: string }>(
  stream: Readable,
  decoder: MessageDecoder<Message>,
  handlers: MessageHandlers<Message>,
  closed: string,
): void {
  let isOver = false;
  const end = (error: TunnelError) => {
    if (isOver) return;
    isOver = true;
    handlers.onEnd(error);
  };
  const ended = () => end(new TunnelError('SESSION_LOST', closed));
  stream.on('error', (error) => (error instanceof TunnelError ? end(error) : ended()));
  stream.on('data', (chunk: Buffer) => {
    if (isOver) return;
    try {
      for (const message of decoder.push(chunk)) handlers.onMessage(message);
    } catch (error) {
      end(
        error instanceof TunnelError
          ? error
          : new TunnelError('INTERNAL', errorText(error), { cause: error }),
      );
    }
  });
  stream.once('end', ended).once('close', ended);
}
