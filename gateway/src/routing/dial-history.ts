import type { CloseCode } from '@penstock/wire';
import type { SkippedAgent } from './skipped-agents.ts';

/** One open sent to an agent. */
export type DialTry = {
  readonly agent: string;
  readonly pool: string;
  /** The replica by way of which the agent was asked; undefined: it is connected to this gateway. */
  readonly replica?: string | undefined;
  readonly milliseconds: number;
  /** Undefined when the open succeeded. */
  readonly failure: { readonly code: CloseCode; readonly detail: string } | undefined;
};

/** The client's entry in the connection log, whose status changes. */
export type DialEntry = {
  readonly id: string;
  readonly status: {
    readonly state: 'opening' | 'open' | 'closed' | 'failed';
    readonly code: string | undefined;
    readonly endedAt: number | undefined;
    readonly resumes: number;
    readonly adriftSince: number | undefined;
  };
};

/** One client, from its arrival until its target answered or the dial failed. */
export type DialRecord = {
  readonly connection: string;
  readonly client: string;
  readonly entry?: DialEntry | undefined;
  /** When the client arrived, in milliseconds since 1970. */
  readonly at: number;
  readonly milliseconds: number;
  /** How many of them were spent in the queue. */
  readonly waited: number;
  readonly failure: { readonly code: CloseCode; readonly detail: string } | undefined;
  readonly tries: readonly DialTry[];
  /** Agents that were not selected. Empty when the first choice succeeded. */
  readonly skipped: readonly SkippedAgent[];
};

/** Records kept per connection and kind: successes must not displace the failure a user asks about. */
const MAX_RECORDS = 10;

type Records = { readonly smooth: DialRecord[]; readonly troubled: DialRecord[] };

/** The most recent dials of each connection, in memory. */
export class DialHistory {
  readonly #byConnection = new Map<string, Records>();

  add(record: DialRecord): void {
    let records = this.#byConnection.get(record.connection);
    if (records === undefined) {
      records = { smooth: [], troubled: [] };
      this.#byConnection.set(record.connection, records);
    }
    const isSmooth = record.failure === undefined && record.skipped.length === 0;
    const list = isSmooth ? records.smooth : records.troubled;
    if (list.length === MAX_RECORDS) list.shift();
    list.push(record);
  }

  /** Newest first. */
  of(connection: string): readonly DialRecord[] {
    const { smooth = [], troubled = [] } = this.#byConnection.get(connection) ?? {};
    return [...smooth, ...troubled].sort((one, other) => other.at - one.at);
  }

  /** Drops the records of all other connections, after they were removed from the configuration. */
  keepOnly(connections: ReadonlySet<string>): void {
    for (const name of this.#byConnection.keys()) {
      if (!connections.has(name)) this.#byConnection.delete(name);
    }
  }
}
