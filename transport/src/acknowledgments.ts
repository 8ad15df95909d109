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

/** Milliseconds for which acknowledgments that are not awaited are collected. */
const GATHER_MS = 50;
/** Acknowledgments of one message, which fit one control message with the longest ids. */
const MAX_BATCH = limits.acknowledgments;

/** The acknowledgments of one session, gathered so that many connections share a message. */
export class Acknowledgments {
  readonly #send: (batch: Acknowledgment[]) => void;
  readonly #isBlocked: () => boolean;
  #sources = new Set<AcknowledgmentSource>();
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #isStopped = false;

  /** While `isBlocked`, because the peer does not read, acknowledgments wait: each of them says more later. */
  constructor(send: (batch: Acknowledgment[]) => void, isBlocked: () => boolean) {
    this.#send = send;
    this.#isBlocked = isBlocked;
  }

  /** `source` is asked for its position when the message is sent: after this turn if `isUrgent`, soon otherwise. */
  add(source: AcknowledgmentSource, isUrgent: boolean): void {
    if (this.#isStopped) return;
    this.#sources.add(source);
    if (isUrgent) this.#immediate ??= setImmediate(() => this.#flush());
    else this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  /** Sends nothing more. Call it when the session has ended. */
  stop(): void {
    this.#isStopped = true;
    this.#clear();
    this.#sources = new Set();
  }

  #flush(): void {
    this.#clear();
    if (this.#isBlocked()) {
      this.#timer = setTimeout(() => this.#flush(), GATHER_MS);
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
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = undefined;
    this.#immediate = undefined;
  }
}
