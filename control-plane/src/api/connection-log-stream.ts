import { Readable } from 'node:stream';
import type { ConnectionLogFilter } from '@penstock/api-schema';
import type { ConnectionLogRow } from '@penstock/store';
import { clientFilter } from '../connection-log/client-filter.ts';
import type { LogFollowers } from '../connection-log/log-followers.ts';
import type { FleetEvents } from '../events/events.ts';
import { entryOf } from './connection-log-entry.ts';
import { checkAccess, type StreamAccess } from './stream-access.ts';

const MIB = 1024 * 1024;
/** Maximum number of bytes buffered for a follower. One that reads too slowly is cut off. */
const MAX_BUFFERED_BYTES = 4 * MIB;
/** Interval of comments, which keep intermediaries from closing the connection as idle. */
const COMMENT_INTERVAL_MS = 15_000;

export type ConnectionLogStreamOptions = {
  readonly followers: LogFollowers;
  readonly events: FleetEvents;
  readonly filter: ConnectionLogFilter;
  /** The stream ends with it. */
  readonly access: StreamAccess;
};

/** Entries of the connection log as server-sent events (HTML Living Standard, section 9.2). */
export class ConnectionLogStream extends Readable {
  readonly #filter: ConnectionLogFilter;
  readonly #comments: NodeJS.Timeout;
  readonly #stops: (() => void)[] = [];
  #state: 'open' | 'finished' = 'open';

  constructor({ followers, events, filter, access }: ConnectionLogStreamOptions) {
    super();
    this.#filter = filter;
    this.#comments = setInterval(() => {
      this.#send(': keep-alive\n\n');
      checkAccess(access, () => this.#finish());
    }, COMMENT_INTERVAL_MS);
    this.push('retry: 2000\n: welcome\n\n');
    this.#addStop(
      followers.follow({ entries: (rows) => this.#sendEntries(rows), end: () => this.#finish() }),
    );
    this.#addStop(
      events.listen({
        event: (event) => {
          if (access.isEndedBy(event)) this.#finish();
        },
        end: () => this.#finish(),
      }),
    );
  }

  override _read(): void {}

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#leave();
    callback(error);
  }

  #sendEntries(rows: readonly ConnectionLogRow[]): void {
    const frames = rows
      .filter((row) => matches(row, this.#filter))
      .map((row) => `event: connection\ndata: ${JSON.stringify(entryOf(row))}\n\n`);
    if (frames.length > 0) this.#send(frames.join(''));
  }

  #send(text: string): void {
    if (this.destroyed || this.#state === 'finished') return;
    this.push(text);
    if (this.readableLength > MAX_BUFFERED_BYTES) this.destroy();
  }

  /** A draining gateway has ended the stream before `stop` is known. */
  #addStop(stop: () => void): void {
    if (this.#state === 'finished') stop();
    else this.#stops.push(stop);
  }

  #finish(): void {
    if (this.#state === 'finished') return;
    this.#leave();
    if (!this.destroyed) this.push(null);
  }

  #leave(): void {
    this.#state = 'finished';
    clearInterval(this.#comments);
    for (const stop of this.#stops.splice(0)) stop();
  }
}

/** The same as the filters of the store. */
function matches(
  row: ConnectionLogRow,
  { connection, client: given, agent, replica, code, state }: ConnectionLogFilter,
): boolean {
  const { client, clientPort } = clientFilter(given);
  return (
    (connection === undefined || row.connection === connection) &&
    (client === undefined ||
      [row.client, row.grantName, row.grantId, row.subject].some((each) => each === client)) &&
    (clientPort === undefined || row.clientPort === clientPort) &&
    (agent === undefined || row.agent === agent) &&
    (replica === undefined || row.replica === replica || row.agentReplica === replica) &&
    (code === undefined || row.code === code) &&
    (state === undefined || row.state === state)
  );
}
