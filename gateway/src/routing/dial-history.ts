import type { CloseCode } from '@penstock/wire';
import type { PassedOver } from './passed-over.ts';

/** One open that was asked of an agent. */
export type DialTry = {
  readonly agent: string;
  readonly pool: string;
  readonly milliseconds: number;
  /** Why it failed; undefined when it did not. */
  readonly failure: { readonly code: CloseCode; readonly detail: string } | undefined;
};

/** One client that was dialed for, from its arrival to the answer of its target or to the failure. */
export type DialRecord = {
  readonly connection: string;
  readonly client: string;
  /** When it came, in milliseconds since 1970. */
  readonly at: number;
  readonly milliseconds: number;
  /** Of these, in the queue. */
  readonly waited: number;
  readonly failure: { readonly code: CloseCode; readonly detail: string } | undefined;
  readonly tries: readonly DialTry[];
  /** Why agents were not asked. Empty when the first choice did. */
  readonly passedOver: readonly PassedOver[];
};

/** How many are kept of each kind: successes must not push out the failure that somebody asks about. */
const KEPT = 10;

type Kept = { readonly smooth: DialRecord[]; readonly troubled: DialRecord[] };

/** The last dials of each connection, in memory. */
export class DialHistory {
  readonly #byConnection = new Map<string, Kept>();

  add(record: DialRecord): void {
    let kept = this.#byConnection.get(record.connection);
    if (kept === undefined) {
      kept = { smooth: [], troubled: [] };
      this.#byConnection.set(record.connection, kept);
    }
    const isSmooth = record.failure === undefined && record.passedOver.length === 0;
    const list = isSmooth ? kept.smooth : kept.troubled;
    if (list.length === KEPT) list.shift();
    list.push(record);
  }

  /** The newest first. */
  of(connection: string): readonly DialRecord[] {
    const { smooth = [], troubled = [] } = this.#byConnection.get(connection) ?? {};
    return [...smooth, ...troubled].sort((one, other) => other.at - one.at);
  }

  /** Forgets all other connections: the configuration has them no more. */
  keepOnly(connections: ReadonlySet<string>): void {
    for (const name of this.#byConnection.keys()) {
      if (!connections.has(name)) this.#byConnection.delete(name);
    }
  }
}
