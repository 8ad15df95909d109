import { type MessageStream, type OwnerMessage, type OwnerMessageOf, peerLimits } from '@penstock/cluster';
import { type CloseCode, isCloseCode } from '@penstock/wire';
import { requireRoom } from './require-room.ts';

/** The opens of one connection within the window. Times are milliseconds. */
export type Opens = {
  readonly connection: string;
  readonly opened: number;
  readonly failed: number;
  /** The most frequent first. */
  readonly codes: readonly { readonly code: CloseCode; readonly count: number }[];
  readonly sinceOpened: number | undefined;
  readonly sinceFailed: number | undefined;
  readonly idle: number;
};

/** Tells one peer now and then how the opens of this gateway's clients went, because one replica evaluates alerts for all. */
export class OpensPublisher {
  readonly #messages: Pick<MessageStream<OwnerMessage>, 'send' | 'isLagging'>;
  readonly #report: () => Iterable<Opens>;
  /** Connections that had opens when they were sent last; undefined before. */
  #sent: ReadonlySet<string> | undefined;

  constructor(
    messages: Pick<MessageStream<OwnerMessage>, 'send' | 'isLagging'>,
    report: () => Iterable<Opens>,
  ) {
    this.#messages = messages;
    this.#report = report;
  }

  publish(): void {
    if (this.#messages.isLagging) return;
    const now = new Set<string>();
    let items: OwnerMessageOf<'opens'>['items'] = [];
    const flush = () => {
      if (items.length > 0) this.#messages.send({ type: 'opens', items });
      items = [];
    };
    for (const { codes, sinceOpened, sinceFailed, ...opens } of this.#report()) {
      const { connection, opened, failed } = opens;
      const hasHistory = sinceOpened !== undefined || sinceFailed !== undefined;
      if (opened + failed > 0) now.add(connection);
      else if (!(this.#sent?.has(connection) ?? hasHistory)) continue;
      items.push({
        ...opens,
        codes: codes.slice(0, peerLimits.codes),
        ...(sinceOpened !== undefined && { sinceOpened }),
        ...(sinceFailed !== undefined && { sinceFailed }),
      });
      if (items.length === peerLimits.opens) flush();
    }
    flush();
    this.#sent = now;
  }
}

/** What a peer has told of its opens last, by connection. */
export class PeerOpens {
  readonly #now: () => number;
  readonly #limit: number;
  readonly #known = new Map<string, { readonly opens: Opens; readonly at: number }>();

  /** `now` returns milliseconds of a monotonic clock. */
  constructor(now: () => number, limit: number = peerLimits.names) {
    this.#now = now;
    this.#limit = limit;
  }

  /** Throws TunnelError LIMIT_EXCEEDED when the peer has described too many connections. */
  received({ items }: OwnerMessageOf<'opens'>): void {
    for (const { codes, sinceOpened, sinceFailed, ...item } of items) {
      // Without opens in the window, the times of the latest ones still say whether a client was served since.
      if (sinceOpened === undefined && sinceFailed === undefined) {
        this.#known.delete(item.connection);
        continue;
      }
      if (!this.#known.has(item.connection)) requireRoom(this.#known, this.#limit, 'connections with opens');
      const known = codes.flatMap(({ code, count }) => (isCloseCode(code) ? [{ code, count }] : []));
      this.#known.set(item.connection, {
        opens: { ...item, codes: known, sinceOpened, sinceFailed },
        at: this.#now(),
      });
    }
  }

  clear(): void {
    this.#known.clear();
  }

  /** As of now. */
  *report(): Generator<Opens> {
    const now = this.#now();
    for (const { opens, at } of this.#known.values()) {
      const age = now - at;
      yield {
        ...opens,
        sinceOpened: opens.sinceOpened === undefined ? undefined : opens.sinceOpened + age,
        sinceFailed: opens.sinceFailed === undefined ? undefined : opens.sinceFailed + age,
        idle: opens.idle + age,
      };
    }
  }
}

/** The opens of the clients of all replicas, of the connections that this one has. */
export function* sumOfOpens(own: Iterable<Opens>, elsewhere: Iterable<Opens>): Generator<Opens> {
  const others = Map.groupBy(elsewhere, ({ connection }) => connection);
  for (const opens of own) {
    const all = [opens, ...(others.get(opens.connection) ?? [])];
    yield all.length === 1 ? opens : sumOf(opens.connection, all);
  }
}

function sumOf(connection: string, all: readonly Opens[]): Opens {
  const codes = new Map<CloseCode, number>();
  for (const opens of all) {
    for (const { code, count } of opens.codes) codes.set(code, (codes.get(code) ?? 0) + count);
  }
  const least = (times: readonly (number | undefined)[]) => {
    const known = times.filter((time) => time !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  };
  return {
    connection,
    opened: all.reduce((sum, { opened }) => sum + opened, 0),
    failed: all.reduce((sum, { failed }) => sum + failed, 0),
    codes: [...codes].map(([code, count]) => ({ code, count })).sort((a, b) => b.count - a.count),
    sinceOpened: least(all.map(({ sinceOpened }) => sinceOpened)),
    sinceFailed: least(all.map(({ sinceFailed }) => sinceFailed)),
    idle: Math.min(...all.map(({ idle }) => idle)),
  };
}
