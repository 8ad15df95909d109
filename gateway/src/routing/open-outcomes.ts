import type { Clock } from '@penstock/runtime';
import type { CloseCode } from '@penstock/wire';

/** The opens of one connection within the window. */
export type OpenOutcome = {
  readonly connection: string;
  readonly opened: number;
  /** Without those that the client itself ended or was not entitled to. */
  readonly failed: number;
  /** Close codes of the failed ones, the most frequent first. */
  readonly codes: readonly { readonly code: CloseCode; readonly count: number }[];
  /** Milliseconds since the last one of each kind, within or before the window; undefined without one. */
  readonly sinceOpened: number | undefined;
  readonly sinceFailed: number | undefined;
  /** Milliseconds without any open: since the last one, or since the connection was added. */
  readonly idle: number;
};

type Bucket = { readonly slot: number; opened: number; readonly codes: Map<CloseCode, number> };
type Record = {
  readonly addedAt: number;
  openedAt: number | undefined;
  failedAt: number | undefined;
  readonly buckets: Bucket[];
};

/** Parts of the window. The oldest part is dropped as a whole. */
const BUCKETS = 30;

/** A client that waited this long before it left was let down by the connection, whatever the client's own timeout is. */
const MIN_WAIT_MS = 1_000;

/** Failures for which the client is responsible, or a gateway that stops. */
const NOT_THE_CONNECTION: ReadonlySet<CloseCode> = new Set([
  'CLIENT_GONE',
  'CLIENT_RESET',
  'CLIENT_DENIED',
  'GRANT_INVALID',
  'LIMIT_EXCEEDED',
  'DRAIN_TIMEOUT',
  'OPERATOR_CLOSED',
]);

/** Counts opens and failed opens of each connection over a sliding window. In memory; its size depends on gateway.yaml only. */
export class OpenOutcomes {
  readonly #clock: Pick<Clock, 'now'>;
  #windowMs = Number.POSITIVE_INFINITY;
  readonly #records = new Map<string, Record>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** Drops all other connections, and begins to count new ones. With another window, counting starts over. */
  apply(connections: ReadonlySet<string>, windowMs: number): void {
    if (windowMs !== this.#windowMs) for (const { buckets } of this.#records.values()) buckets.length = 0;
    this.#windowMs = windowMs;
    for (const name of this.#records.keys()) if (!connections.has(name)) this.#records.delete(name);
    const addedAt = this.#clock.now();
    for (const name of connections) {
      if (this.#records.has(name)) continue;
      this.#records.set(name, { addedAt, openedAt: undefined, failedAt: undefined, buckets: [] });
    }
  }

  opened(connection: string): void {
    const record = this.#records.get(connection);
    if (record === undefined) return;
    record.openedAt = this.#clock.now();
    this.#bucketOf(record).opened += 1;
  }

  /** `milliseconds`: from the arrival of the client until the failure. */
  failed(connection: string, code: CloseCode, milliseconds: number): void {
    const record = this.#records.get(connection);
    const isImpatient = code === 'CLIENT_GONE' && milliseconds >= MIN_WAIT_MS;
    if (record === undefined || (NOT_THE_CONNECTION.has(code) && !isImpatient)) return;
    record.failedAt = this.#clock.now();
    const { codes } = this.#bucketOf(record);
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }

  /** The opens of every connection within the window that ends now. */
  *report(): Generator<OpenOutcome> {
    const now = this.#clock.now();
    const first = this.#slotOf(now) - BUCKETS;
    for (const [connection, { addedAt, openedAt, failedAt, buckets }] of this.#records) {
      const codes = new Map<CloseCode, number>();
      let opened = 0;
      for (const bucket of buckets) {
        if (bucket.slot <= first) continue;
        opened += bucket.opened;
        for (const [code, count] of bucket.codes) codes.set(code, (codes.get(code) ?? 0) + count);
      }
      const sorted = [...codes].map(([code, count]) => ({ code, count }));
      yield {
        connection,
        opened,
        failed: sorted.reduce((sum, { count }) => sum + count, 0),
        codes: sorted.sort((one, other) => other.count - one.count),
        sinceOpened: openedAt === undefined ? undefined : now - openedAt,
        sinceFailed: failedAt === undefined ? undefined : now - failedAt,
        idle: now - Math.max(addedAt, openedAt ?? 0, failedAt ?? 0),
      };
    }
  }

  #bucketOf({ buckets }: Record): Bucket {
    const slot = this.#slotOf(this.#clock.now());
    const last = buckets.at(-1);
    if (last?.slot === slot) return last;
    while (buckets[0] !== undefined && (buckets[0].slot <= slot - BUCKETS || buckets.length >= BUCKETS)) {
      buckets.shift();
    }
    const bucket: Bucket = { slot, opened: 0, codes: new Map() };
    buckets.push(bucket);
    return bucket;
  }

  #slotOf(now: number): number {
    return Math.floor(now / (this.#windowMs / BUCKETS));
  }
}
