import { type AcknowledgmentSource, type DataStream, Inbound } from '@penstock/transport';
import type { CloseCode } from '@penstock/wire';

/** One direction of a relay: its bytes, and what its far end has acknowledged of them. */
export class RelayDirection implements AcknowledgmentSource {
  readonly id: string;
  readonly #to: DataStream;
  readonly #inbound: Inbound;
  readonly #start: number;
  #received: number;
  #end: number;
  #hasFinished = false;
  /** Whether FIN was delivered on an earlier stream, and is part of `start`. */
  #isFinRepeated = false;
  #resetCode: CloseCode | undefined;

  /** `start`: what the far end had been handed of the connection before this stream, and one more if FIN was. */
  constructor(id: string, to: DataStream, start: number) {
    this.id = id;
    this.#to = to;
    this.#start = start;
    this.#received = start;
    this.#end = start;
    this.#inbound = new Inbound(to, (count) => {
      this.#end += count;
    });
  }

  /** Bytes that went through it. */
  get bytes(): number {
    return this.#inbound.bytes;
  }

  get resetCode(): CloseCode | undefined {
    return this.#resetCode;
  }

  /** Whether the far end was handed everything and FIN, or was reset. */
  get isDelivered(): boolean {
    const isFinDelivered = this.#received > this.#end || this.#isFinRepeated;
    return this.#resetCode !== undefined || (this.#hasFinished && isFinDelivered);
  }

  /** Bytes that the far end has not acknowledged. */
  get owedBytes(): number {
    return Math.max(0, this.#end - this.#received);
  }

  takeReceived(): number {
    return this.#received;
  }

  acknowledged(received: number, reset: CloseCode | undefined): void {
    // Where nothing but FIN was sent, only FIN is acknowledged: a position that has not moved counted it before.
    if (this.#hasFinished && this.#end === this.#start && received === this.#start)
      this.#isFinRepeated = true;
    this.#received = received;
    this.#resetCode ??= reset;
  }

  /** Sends on what `from` brings, after `first`. */
  attach(from: DataStream, first?: Buffer): void {
    if (first !== undefined && first.length > 0) {
      this.#end += first.length;
      this.#to.write(first);
    }
    this.#inbound.attach(from);
  }

  /** Sends FIN behind everything. */
  finish(): void {
    this.#hasFinished = true;
    this.#to.end();
  }

  detach(): void {
    this.#inbound.detach();
  }
}
