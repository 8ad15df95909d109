import type { ClientHttp2Stream } from 'node:http2';
import { ReusableStream, type ReusePort, type StreamCarrier, type StreamUse } from '@penstock/transport';
import { TunnelError } from '@penstock/wire';

export type IdleStreamsOptions = Pick<ReusePort, 'onViolation'> & {
  /** Streams that may wait for their next connection. */
  readonly maxIdle: number;
};

/** Milliseconds after which streams are closed that were not needed in all that time. */
const CHECK_INTERVAL_MS = 5_000;

/** The streams of one session that can carry one connection after another, and which of them wait for the next. */
export class IdleStreams {
  readonly #maxIdle: number;
  readonly #port: ReusePort;
  readonly #all = new Set<StreamCarrier>();
  /** The one that was used last comes last, and is used first. */
  #idle: StreamCarrier[] = [];
  /** The fewest that were idle since the last check: so many were not needed. */
  #unused = 0;
  /** Ended here since the last check, and before it. The gateway ends them as well. */
  #ending = new Set<StreamCarrier>();
  #overdue = new Set<StreamCarrier>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor({ maxIdle, onViolation }: IdleStreamsOptions) {
    this.#maxIdle = maxIdle;
    this.#port = {
      onViolation,
      onDone: (stream) => {
        // One that cannot be used again has ended with its connection.
        if (this.#isClosed || !stream.isFree) this.#end(stream);
      },
      onClose: (stream) => this.#remove(stream),
    };
  }

  /** Makes a stream one of them. It carries the connection that it was opened for. */
  add(stream: ClientHttp2Stream): ReusableStream {
    const reusable = new ReusableStream(stream, this.#port);
    this.#all.add(reusable);
    stream.on('response', (headers) => {
      if (headers[':status'] !== 200) stream.destroy(new TunnelError('CLIENT_GONE'));
    });
    return reusable;
  }

  /** What the connection `id` has of an idle stream; undefined if there is none. */
  take(id: string): StreamUse | undefined {
    let stream = this.#idle.pop();
    // The gateway may have ended it, which closes it only when it has ended here too.
    while (stream?.isFree === false) stream = this.#idle.pop();
    this.#unused = Math.min(this.#unused, this.#idle.length);
    return stream?.start(id);
  }

  /**
   * The connection of a stream has ended. The stream is closed unless it `isKnownFree`: the gateway has acknowledged the end. Also if enough
   * others wait.
   */
  release(stream: StreamCarrier, isKnownFree: boolean): void {
    if (!stream.isFree) return;
    if (!isKnownFree || this.#isClosed || this.#idle.length >= this.#maxIdle) {
      this.#end(stream);
      return;
    }
    this.#idle.push(stream);
    this.#startTimer();
  }

  /** Closes idle streams, and others as soon as their connections have ended. Call it when the session accepts no more opens. */
  close(): void {
    this.#isClosed = true;
    this.#idle = [];
    for (const stream of this.#all) if (stream.isFree) this.#end(stream);
    this.#stopTimerIfIdle();
  }

  #end(stream: StreamCarrier): void {
    // One that has closed may still be read.
    if (!this.#all.has(stream)) return;
    stream.end();
    this.#ending.add(stream);
    this.#startTimer();
  }

  #check(): void {
    for (const { stream } of this.#overdue) stream.destroy();
    this.#overdue = this.#ending;
    this.#ending = new Set();
    for (const stream of this.#idle.splice(0, this.#unused)) this.#end(stream);
    this.#unused = this.#idle.length;
    this.#stopTimerIfIdle();
  }

  #remove(stream: StreamCarrier): void {
    this.#all.delete(stream);
    this.#ending.delete(stream);
    this.#overdue.delete(stream);
    const index = this.#idle.indexOf(stream);
    if (index !== -1) this.#idle.splice(index, 1);
    this.#unused = Math.min(this.#unused, this.#idle.length);
    this.#stopTimerIfIdle();
  }

  #startTimer(): void {
    this.#timer ??= setInterval(() => this.#check(), CHECK_INTERVAL_MS);
  }

  #stopTimerIfIdle(): void {
    if (this.#idle.length + this.#ending.size + this.#overdue.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
