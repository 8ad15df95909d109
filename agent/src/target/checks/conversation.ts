import type { Duplex } from 'node:stream';
import { errorText } from '@penstock/wire';
import { CheckFailure } from './check-failure.ts';

/** Milliseconds a target has to close its side, so that it sees an orderly end and logs no reset. */
const FAREWELL = 500;

/** A question to a target and its answer, both small. */
export class Conversation {
  readonly #stream: Duplex;
  readonly #signal: AbortSignal;
  #bytes = Buffer.alloc(0);
  #life: 'open' | 'ended' = 'open';
  #error: Error | undefined;
  #wake = () => {};

  constructor(stream: Duplex, signal: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
    stream.on('data', this.#take);
    stream.on('error', this.#fail);
    stream.once('end', this.#end).once('close', this.#end);
    signal.addEventListener('abort', this.#end, { once: true });
    if (signal.aborted) this.#end();
  }

  get stream(): Duplex {
    return this.#stream;
  }

  say(question: Buffer | string): void {
    this.#stream.write(question);
  }

  /**
   * Reads until `parse` no longer wants more, which it says by undefined; it sees all bytes so far, at most `most`.
   * Throws CheckFailure when more comes than that, or the target closes first; the signal's reason when it aborts.
   */
  async hear<Answer>(most: number, parse: (bytes: Buffer) => Answer | undefined): Promise<Answer> {
    for (;;) {
      const answer = this.#bytes.length === 0 ? undefined : parse(this.#bytes.subarray(0, most));
      if (answer !== undefined) return answer;
      if (this.#bytes.length >= most) {
        throw new CheckFailure('protocol', `The target sent more than ${most} bytes that are no answer.`);
      }
      if (this.#signal.aborted) throw this.#signal.reason;
      if (this.#life === 'ended') throw this.#closed();
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      this.#stream.resume();
      await promise;
      // A target may send without an end: what has no place in an answer is not read.
      if (this.#bytes.length >= most) this.#stream.pause();
    }
  }

  /** Stops listening, so that another layer can take the stream over. Throws when the target said more than that. */
  release(heard: number): void {
    this.#letGo();
    this.#stream.pause();
    if (this.#bytes.length > heard) {
      throw new CheckFailure('protocol', 'The target sent more than its answer before TLS had begun.');
    }
  }

  /** Ends the connection in good order, and comes back when it is gone. */
  async close(): Promise<void> {
    this.#letGo();
    await farewell(this.#stream);
  }

  #letGo(): void {
    const stream = this.#stream;
    stream.off('data', this.#take).off('error', this.#fail).off('end', this.#end).off('close', this.#end);
    stream.on('error', () => {});
    this.#signal.removeEventListener('abort', this.#end);
  }

  readonly #take = (chunk: Buffer) => {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    this.#wake();
  };

  readonly #fail = (error: Error) => {
    this.#error ??= error;
    this.#end();
  };

  readonly #end = () => {
    this.#life = 'ended';
    this.#wake();
  };

  #closed(): CheckFailure {
    const how = this.#error === undefined ? 'closed the connection' : `failed (${errorText(this.#error)})`;
    const when = this.#bytes.length === 0 ? 'before it said anything' : 'in the middle of its answer';
    return new CheckFailure('protocol', `The target ${how} ${when}.`, { cause: this.#error });
  }
}

/** Ends a connection as a polite client does: with FIN, and reading what still comes. */
export async function farewell(stream: Duplex): Promise<void> {
  stream.on('error', () => {});
  if (stream.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, FAREWELL);
  stream.once('close', resolve).once('end', resolve);
  stream.resume();
  stream.end();
  await promise;
  clearTimeout(timer);
  stream.destroy();
}
