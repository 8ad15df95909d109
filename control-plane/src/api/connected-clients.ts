import { ClientList, ConnectionLogEntry } from '@penstock/api-schema';
import { hasShape, type Static, Type } from '@penstock/json-schema';
import { inSlices, systemClock } from '@penstock/runtime';
import { ProblemError } from '@penstock/wire';
import type { ConnectionLog } from '../connection-log/connection-log.ts';
import { entryOf } from './connection-log-entry.ts';

/** The clients that are connected to this gateway, or to the other replicas. */
export type ConnectedClients = {
  /** Those of a connection, the longest first, as many as `limit`; `total` counts them all. */
  list(query: ListedClients): Promise<ClientList>;
  find(id: string): Promise<ConnectionLogEntry | undefined>;
  /** Resets a client. Resolves to false if it has gone. */
  disconnect(id: string): Promise<boolean>;
};

export type ListedClients = {
  readonly connection: string;
  /** An address, or the id or name of a grant. */
  readonly client?: string | undefined;
  readonly limit: number;
};

/** Asks every other replica, and resolves to what each answered: undefined for one that did not. Never rejects. */
export type AskReplicas = (
  question: object,
) => Promise<readonly { readonly replica: string; readonly answer: unknown }[]>;

/** The clients of this gateway. `abort` resets one and returns whether it was there. */
export function ownClients(
  log: Pick<ConnectionLog, 'live' | 'liveById'>,
  abort: (id: string) => boolean,
): ConnectedClients {
  return {
    async list({ connection, client, limit }) {
      const items: ConnectionLogEntry[] = [];
      let total = 0;
      await inSlices(
        log.live(connection),
        (live) => {
          const row = live.row();
          if (client !== undefined && ![row.client, row.grantId, row.grantName].includes(client)) return;
          total += 1;
          if (items.length < limit) items.push(entryOf(row));
        },
        systemClock,
      );
      return { items, total };
    },
    async find(id) {
      const row = log.liveById(id)?.row();
      return row && entryOf(row);
    },
    disconnect: async (id) => abort(id),
  };
}

const List = Type.Object({
  clients: Type.Object({
    connection: Type.String(),
    client: Type.Optional(Type.String()),
    limit: Type.Integer(),
  }),
});
const Find = Type.Object({ client: Type.String() });
const Disconnect = Type.Object({ disconnect: Type.String() });
const Found = Type.Object({ entry: Type.Optional(ConnectionLogEntry) });
const Disconnected = Type.Object({ disconnected: Type.Boolean() });
type Question = Static<typeof List> | Static<typeof Find> | Static<typeof Disconnect>;

/** Answers what `clientsElsewhere` of another replica asks. Rejects with ProblemError if it is something else. */
export async function answerAboutClients(clients: ConnectedClients, question: unknown): Promise<object> {
  if (hasShape(List, question)) return clients.list(question.clients);
  if (hasShape(Find, question)) {
    const entry = await clients.find(question.client);
    return { ...(entry && { entry }) } satisfies Static<typeof Found>;
  }
  if (hasShape(Disconnect, question)) {
    const disconnected = await clients.disconnect(question.disconnect);
    return { disconnected } satisfies Static<typeof Disconnected>;
  }
  throw new ProblemError('REQUEST_INVALID', 'This replica does not know the question.');
}

/** The clients of all other replicas. */
export function clientsElsewhere(ask: AskReplicas): ConnectedClients {
  const put = (question: Question) => ask(question);
  return {
    async list({ connection, client, limit }) {
      const answers = await put({ clients: { connection, ...(client !== undefined && { client }), limit } });
      const pages = answers.flatMap(({ answer }) => (hasShape(ClientList, answer) ? [answer] : []));
      const missing = answers.flatMap(({ replica, answer }) =>
        hasShape(ClientList, answer) ? [] : [replica],
      );
      return {
        items: pages.flatMap(({ items }) => items),
        total: pages.reduce((sum, { total }) => sum + total, 0),
        ...(missing.length > 0 && { missing }),
      };
    },
    async find(id) {
      const answers = await put({ client: id });
      return answers.map(({ answer }) => (hasShape(Found, answer) ? answer.entry : undefined)).find(Boolean);
    },
    async disconnect(id) {
      const answers = await put({ disconnect: id });
      return answers.some(({ answer }) => hasShape(Disconnected, answer) && answer.disconnected);
    },
  };
}

/** The clients of this gateway and of all other replicas. */
export function allClients(own: ConnectedClients, elsewhere: ConnectedClients): ConnectedClients {
  return {
    async list(query) {
      const [here, there] = await Promise.all([own.list(query), elsewhere.list(query)]);
      const items = [...here.items, ...there.items].sort(
        (a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt),
      );
      return { ...there, items: items.slice(0, query.limit), total: here.total + there.total };
    },
    find: async (id) => (await own.find(id)) ?? (await elsewhere.find(id)),
    disconnect: async (id) => (await own.disconnect(id)) || (await elsewhere.disconnect(id)),
  };
}
