import { setTimeout as delay } from 'node:timers/promises';
import { ConnectionLogEntry } from '@penstock/api-schema';
import { CommandError } from '@penstock/terminal';
import type { ApiClient } from '../../api/api-client.ts';
import { everyPage } from '../../api/pages.ts';

export type FollowOptions = {
  readonly api: ApiClient;
  /** Query parameters; undefined ones are omitted. */
  readonly filter: Readonly<Record<string, string | undefined>>;
  readonly since: string | undefined;
  /** Recent entries to begin with. */
  readonly limit: number;
  readonly print: (entry: ConnectionLogEntry) => void;
  /** Called when the stream broke off and is opened again. */
  readonly onInterrupted: () => void;
  readonly signal: AbortSignal;
  readonly retryDelayMs?: number;
};

/** Attempts to reach a gateway that has restarted, two seconds apart. */
const MAX_ATTEMPTS = 30;
const RETRY_DELAY_MS = 2_000;
/** Entries remembered to not print them twice, when the list and the stream both have them. */
const MAX_REMEMBERED = 10_000;
/** Entries listed after an interruption. */
const MAX_MISSED = 1_000;

/**
 * Prints recent connections, oldest first, and then each one that opens, ends or is denied, until the signal is aborted.
 * What was missed while the gateway could not be reached is printed late. Throws CommandError.
 */
export async function followConnections(options: FollowOptions): Promise<void> {
  const { api, filter, signal, print, onInterrupted } = options;
  const printOnce = onlyOnce(print);
  const list = { since: options.since, limit: options.limit };
  let failures = 0;
  let seenAt: string | undefined;
  while (!signal.aborted) {
    try {
      const opened = Promise.withResolvers<void>();
      const stream = api.follow(
        ConnectionLogEntry,
        'connection',
        `connection-log/follow?${queryText(filter)}`,
        {
          signal,
          onOpen: opened.resolve,
        },
      );
      // The stream is opened before the list is read, so nothing falls between them.
      const first = stream.next();
      first.catch(() => {});
      await Promise.race([opened.promise, first]);
      failures = 0;
      await listInto(options, list, printOnce);
      for (let next = await first; !next.done; next = await stream.next()) {
        printOnce(next.value);
        seenAt = next.value.endedAt ?? next.value.startedAt;
      }
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      if (!isInterruption(error) || failures >= MAX_ATTEMPTS || seenAt === undefined) throw error;
    }
    if (signal.aborted) return;
    if (failures === 0) onInterrupted();
    list.since = seenAt ?? list.since ?? new Date().toISOString();
    list.limit = MAX_MISSED;
    seenAt ??= list.since;
    await delay(options.retryDelayMs ?? RETRY_DELAY_MS, undefined, { signal }).catch(() => {});
  }
}

async function listInto(
  { api, filter }: FollowOptions,
  { since, limit }: { readonly since: string | undefined; readonly limit: number },
  print: (entry: ConnectionLogEntry) => void,
): Promise<void> {
  if (limit === 0) return;
  const query = { ...filter, since };
  const { items } = await everyPage(api, ConnectionLogEntry, 'connection-log', { query, maxItems: limit });
  for (const entry of items.reverse()) print(entry);
}

/** Only a gateway that cannot be reached, not one that refuses. */
const isInterruption = (error: unknown) => error instanceof CommandError && error.cause !== undefined;

function onlyOnce(print: (entry: ConnectionLogEntry) => void): (entry: ConnectionLogEntry) => void {
  const printed = new Set<string>();
  return (entry) => {
    const key = `${entry.id} ${entry.state} ${entry.count}`;
    if (printed.has(key)) return;
    if (printed.size >= MAX_REMEMBERED) printed.delete([...printed.keys().take(1)][0] ?? '');
    printed.add(key);
    print(entry);
  };
}

function queryText(query: Readonly<Record<string, string | undefined>>): string {
  const entries = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams(entries).toString();
}
