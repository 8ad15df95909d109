import type { ConnectionLogRow } from '@penstock/store';
import { boundedText } from './bounded-text.ts';
import type { DeniedClient } from './logged-client.ts';

export type DeniedClientsOptions = {
  readonly nextId: (startedAt: number) => number;
  /** Name of this replica; undefined for a gateway that is alone. */
  readonly replica: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** Denials for the same reason within this time are one entry. */
export const DENIED_WINDOW_MS = 60_000;
/** Entries of a window with an address of their own. The clients of all other addresses share entries. */
const MAX_ADDRESSES = 64;
/** Shared entries of a window, one for each combination of connection, ingress and code. */
const MAX_SHARED = 64;

type Counted = { row: ConnectionLogRow; isChanged: boolean };

/**
 * Counts denied clients. Anyone who reaches an ingress can be denied as often as they like, so they must not be able to
 * fill the log: a window has a limited number of entries, whatever the number of clients.
 */
export class DeniedClients {
  readonly #options: DeniedClientsOptions;
  readonly #counted = new Map<string, Counted>();
  #windowEnd = 0;

  constructor(options: DeniedClientsOptions) {
    this.#options = options;
  }

  /** Returns the entry if the client is the first of it. */
  add(client: DeniedClient): ConnectionLogRow | undefined {
    const now = this.#options.now();
    const known = this.#find(client);
    if (known === undefined) return this.#addFirst(client, now);
    known.row = {
      ...known.row,
      count: known.row.count + 1,
      endedAt: Math.max(now, known.row.startedAt),
    };
    known.isChanged = true;
    return undefined;
  }

  /**
   * Returns the entries to write: at the end of a window, or at any time with `isForced`. An entry that changes later is
   * returned again.
   */
  take(isForced: boolean): ConnectionLogRow[] {
    const isOver = this.#options.now() >= this.#windowEnd;
    if (!isOver && !isForced) return [];
    const rows: ConnectionLogRow[] = [];
    for (const each of this.#counted.values()) {
      if (each.isChanged) rows.push(each.row);
      each.isChanged = false;
    }
    if (isOver) this.#counted.clear();
    return rows;
  }

  #find({ address, ...reason }: DeniedClient): Counted | undefined {
    return this.#counted.get(keyOf({ ...reason, address })) ?? this.#shared(reason);
  }

  #shared(reason: Omit<DeniedClient, 'address'>): Counted | undefined {
    if (this.#counted.size < MAX_ADDRESSES) return undefined;
    return (
      this.#counted.get(keyOf({ ...reason, address: undefined })) ??
      (this.#counted.size < MAX_ADDRESSES + MAX_SHARED ? undefined : this.#counted.values().toArray().at(-1))
    );
  }

  #addFirst(client: DeniedClient, now: number): ConnectionLogRow {
    if (this.#counted.size === 0) this.#windowEnd = now + DENIED_WINDOW_MS;
    const address = this.#counted.size < MAX_ADDRESSES ? client.address : undefined;
    const { connection, ingress, code, detail } = client;
    const row: ConnectionLogRow = {
      id: this.#options.nextId(now),
      state: 'denied',
      connection: connection ?? null,
      client: address ?? null,
      clientPort: null,
      ingress: ingress ?? null,
      ingressKind: null,
      host: null,
      grantId: null,
      grantName: null,
      subject: null,
      connector: null,
      pool: null,
      agent: null,
      agentId: null,
      replica: this.#options.replica ?? null,
      agentReplica: null,
      startedAt: now,
      openMs: null,
      endedAt: now,
      attempts: 0,
      resumes: 0,
      adriftMs: 0,
      adriftSince: null,
      bytesFromClient: 0,
      bytesToClient: 0,
      code,
      detail: address === undefined ? 'Clients of many addresses were denied.' : boundedText(detail),
      count: 1,
    };
    this.#counted.set(keyOf({ ...client, address }), { row, isChanged: true });
    return row;
  }
}

function keyOf({
  address,
  connection,
  ingress,
  code,
}: Omit<DeniedClient, 'address' | 'detail'> & { readonly address: string | undefined }): string {
  return JSON.stringify([address, connection, ingress, code]);
}
