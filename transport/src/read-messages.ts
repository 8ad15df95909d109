import type { Readable } from 'node:stream';
import { errorText, TunnelError } from '@penstock/wire';
import type { MessageDecoder } from '@penstock/wire/codec';

export type MessageHandlers<Message> = {
  onMessage(message: Message): void;
  /** The stream has ended, or cannot be understood. Called once, after the last message. */
  onEnd(error: TunnelError): void;
};

/** Milliseconds of work on the messages of one stream after which the event loop polls before the next ones. */
const MAX_WORK_MS = 5;
/** Milliseconds without a message after which the next one begins new work. */
const IDLE_MS = 1;

/**
 * Reads messages from a stream until it ends, however it does; `closed` is the text of an end that says nothing else. The caller
 * destroys the stream after `onEnd`.
 *
 * With `inSlices`, a peer that has much to say does not hold up what else the process does: the stream is paused for a turn of the
 * event loop now and then. What a stream still has when it closes is lost then, so this is for peers that say everything again.
 */
export function readMessages<Message extends { readonly type: string }>(
  stream: Readable,
  decoder: MessageDecoder<Message>,
  handlers: MessageHandlers<Message>,
  closed: string,
  inSlices = false,
): void {
  let isOver = false;
  const end = (error: TunnelError) => {
    if (isOver) return;
    isOver = true;
    handlers.onEnd(error);
  };
  const ended = () => end(new TunnelError('SESSION_LOST', closed));
  stream.on('error', (error) => (error instanceof TunnelError ? end(error) : ended()));
  let began = 0;
  let stopped = 0;
  stream.on('data', (chunk: Buffer) => {
    if (isOver) return;
    const now = performance.now();
    if (now - stopped > IDLE_MS) began = now;
    try {
      for (const message of decoder.push(chunk)) handlers.onMessage(message);
    } catch (error) {
      end(
        error instanceof TunnelError
          ? error
          : new TunnelError('INTERNAL', errorText(error), { cause: error }),
      );
    }
    stopped = performance.now();
    if (!inSlices || stopped - began < MAX_WORK_MS || isOver) return;
    stream.pause();
    setImmediate(() => {
      began = performance.now();
      stopped = began;
      stream.resume();
    });
  });
  stream.once('end', ended).once('close', ended);
}
