import type { Duplex } from 'node:stream';
import { errorText } from '@penstock/wire';
import { closeGracefully } from '../close-gracefully.ts';
import { CheckFailure } from './check-failure.ts';

/** A small request to a target and its small answer. */
export class ProtocolExchange {
  readonly #stream: Duplex;
  readonly #signal: AbortSignal;
  #bytes = Buffer.alloc(0);
  #state: 'open' | 'ended' = 'open';
  #error: Error | undefined;
  #wake = () => {};

  constructor(stream: Duplex, signal: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
    stream.on('data', this.#onData);
    stream.on('error', this.#onError);
    stream.once('end', this.#onEnd).once('close', this.#onEnd);
    signal.addEventListener('abort', this.#onEnd, { once: true });
    if (signal.aborted) this.#onEnd();
  }

  send(request: Buffer | string): void {
    this.#stream.write(request);
  }

  /**
   * Reads until `parse` returns a value; `undefined` means that it needs more. It receives all bytes so far, at most
   * `maxBytes`. Throws CheckFailure when the target sends more than that or closes first, or the signal's reason.
   */
  async receive<Answer>(maxBytes: number, parse: (bytes: Buffer) => Answer | undefined): Promise<Answer> {
    for (;;) {
      const answer = this.#bytes.length === 0 ? undefined : parse(this.#bytes.subarray(0, maxBytes));
      if (answer !== undefined) return answer;
      if (this.#bytes.length >= maxBytes) {
        throw new CheckFailure('protocol', `The target sent more than ${maxBytes} bytes without an answer.`);
      }
      if (this.#signal.aborted) throw this.#signal.reason;
      if (this.#state === 'ended') throw this.#closedFailure();
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      this.#stream.resume();
      await promise;
      // A target may send indefinitely: bytes beyond an answer are not read.
      if (this.#bytes.length >= maxBytes) this.#stream.pause();
    }
  }

  /** Removes all listeners so that TLS can take over the stream. Throws CheckFailure if more than `expectedBytes` arrived. */
  release(expectedBytes: number): void {
    this.#removeListeners();
    this.#stream.pause();
    if (this.#bytes.length > expectedBytes) {
      throw new CheckFailure('protocol', 'The target sent more than its answer before TLS began.');
    }
  }

  /** Closes the connection gracefully. */
  async close(): Promise<void> {
    this.#removeListeners();
    await closeGracefully(this.#stream);
  }

  #removeListeners(): void {
    const stream = this.#stream;
    stream.off('data', this.#onData).off('error', this.#onError);
    stream.off('end', this.#onEnd).off('close', this.#onEnd);
    stream.on('error', () => {});
    this.#signal.removeEventListener('abort', this.#onEnd);
  }

  readonly #onData = (chunk: Buffer) => {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    this.#wake();
  };

  readonly #onError = (error: Error) => {
    this.#error ??= error;
    this.#onEnd();
  };

  readonly #onEnd = () => {
    this.#state = 'ended';
    this.#wake();
  };

  #closedFailure(): CheckFailure {
    const what =
      this.#error === undefined
        ? 'The target closed the connection'
        : `The connection failed (${errorText(this.#error)})`;
    const when = this.#bytes.length === 0 ? 'before an answer' : 'in the middle of the answer';
    return new CheckFailure('protocol', `${what} ${when}.`, { cause: this.#error });
  }
}
