import { type CloseCode, limits } from '@penstock/wire';

/** Something whose position the peer must learn. */
export type AcknowledgmentSource = {
  readonly id: string;
  /** Bytes handed to the near end, and one more once its FIN was. Called when the acknowledgment is sent. */
  takeReceived(): number;
  /** Set once the connection was reset here. The reset of a stream that has closed is not delivered. */
  readonly resetCode: CloseCode | undefined;
};

/** How much was handed on, by the id of the connection. With `reset`, nothing more will be. */
export type Acknowledgment = {
  readonly id: string;
  readonly received: number;
  readonly reset?: CloseCode;
};

/** How soon the peer must know: `now`, because it has stopped reading; `soon`, because it waits to close the connection. */
export type Urgency = 'now' | 'soon';

/** Milliseconds for which acknowledgments are gathered. A message for each short connection costs a tenth of its CPU time. */
const SOON_MS = 5;
const LATER_MS = 50;
/**
 * Fewer bytes than this wait for `FEW_TURNS` times as long. Each message delays the data that arrives while it is handled: with one every
 * 50 ms in each direction, the p99 of round trips on a quiet connection was 1.4 times what it is.
 */
const FEW_BYTES = 256 * 1024;
const FEW_TURNS = 3;
/**
 * Bytes of all connections of the session after which they are acknowledged immediately: until then, the peer keeps them in memory.
 * At full throughput, a message for each 512 KiB took 6 % of a core.
 */
const URGENT_BYTES = 2 * 1024 * 1024;
/** Acknowledgments of one message, which fit one control message with the longest ids. */
const MAX_BATCH = limits.acknowledgments;

/** The acknowledgments of one session, gathered so that many connections share a message. */
export class Acknowledgments {
  readonly #send: (batch: Acknowledgment[]) => void;
  readonly #isBlocked: () => boolean;
  #sources = new Set<AcknowledgmentSource>();
  #soon: NodeJS.Timeout | undefined;
  #later: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  /** Handed on by all sources since the last message. */
  #bytes = 0;
  /** How many times they have waited for `LATER_MS`, with the one in progress. */
  #turns = 0;
  #isStopped = false;

  /** While `isBlocked`, because the peer does not read, acknowledgments wait: each of them says more later. */
  constructor(send: (batch: Acknowledgment[]) => void, isBlocked: () => boolean) {
    this.#send = send;
    this.#isBlocked = isBlocked;
  }

  /** `source` is asked for its position when the message is sent. */
  add(source: AcknowledgmentSource, urgency: Urgency): void {
    if (this.#isStopped) return;
    this.#sources.add(source);
    if (urgency === 'now') this.#immediate ??= setImmediate(() => this.#flush());
    else this.#soon ??= setTimeout(() => this.#flush(), SOON_MS);
  }

  /** `source` has handed on `count` more bytes. */
  addBytes(source: AcknowledgmentSource, count: number): void {
    if (this.#isStopped) return;
    this.#sources.add(source);
    this.#bytes += count;
    if (this.#bytes >= URGENT_BYTES) this.#immediate ??= setImmediate(() => this.#flush());
    else this.#later ??= this.#startTurn();
  }

  /** Sends nothing more. Call it when the session has ended. */
  stop(): void {
    this.#isStopped = true;
    this.#clear();
    this.#sources = new Set();
  }

  #startTurn(): NodeJS.Timeout {
    this.#turns += 1;
    return setTimeout(() => {
      if (this.#bytes < FEW_BYTES && this.#turns < FEW_TURNS) this.#later = this.#startTurn();
      else this.#flush();
    }, LATER_MS);
  }

  #flush(): void {
    this.#clear();
    if (this.#isBlocked()) {
      this.#later = setTimeout(() => this.#flush(), LATER_MS);
      return;
    }
    const sources = this.#sources;
    this.#sources = new Set();
    let batch: Acknowledgment[] = [];
    for (const source of sources) {
      const { id, resetCode: reset } = source;
      batch.push({ id, received: source.takeReceived(), ...(reset !== undefined && { reset }) });
      if (batch.length < MAX_BATCH) continue;
      this.#send(batch);
      batch = [];
    }
    if (batch.length > 0) this.#send(batch);
  }

  #clear(): void {
    clearTimeout(this.#soon);
    clearTimeout(this.#later);
    clearImmediate(this.#immediate);
    this.#soon = undefined;
    this.#later = undefined;
    this.#immediate = undefined;
    this.#bytes = 0;
    this.#turns = 0;
  }
}
