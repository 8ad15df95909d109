import {
  ClientList,
  ClientQuery,
  type ConnectionLogEntry,
  DisconnectedClient,
  IdParams,
  NameParams,
  problemResponses,
} from '@penstock/api-schema';
import { inSlices, systemClock } from '@penstock/runtime';
import type { Store } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import type { ConnectionLog } from '../connection-log/connection-log.ts';
import { entryOf } from './connection-log-entry.ts';
import type { TypedApp } from './typed-app.ts';

export type ClientsDependencies = {
  readonly store: Pick<Store, 'audit'>;
  readonly log: Pick<ConnectionLog, 'live' | 'liveById'>;
  readonly hasConnection: (name: string) => boolean;
  /** Resets the client with this ID. False if it has gone. */
  readonly disconnect: (id: string) => boolean;
  readonly clock: () => number;
};

/** The clients of a connection that are connected now, and the end of one. */
export function clientRoutes(app: TypedApp, dependencies: ClientsDependencies): void {
  const { store, log, hasConnection, disconnect, clock } = dependencies;

  app.get(
    '/connections/:name/clients',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List the connected clients of a connection',
        tags: ['connections'],
        params: NameParams,
        querystring: ClientQuery,
        response: { 200: ClientList, ...problemResponses },
      },
    },
    async ({ params: { name }, query: { limit, client } }) => {
      if (!hasConnection(name)) {
        throw new ProblemError('NOT_FOUND', `gateway.yaml has no connection named ${name}.`);
      }
      const items: ConnectionLogEntry[] = [];
      let total = 0;
      await inSlices(
        log.live(name),
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
  );

  app.post(
    '/connection-log/:id/disconnect',
    {
      config: { role: 'operator' },
      schema: {
        summary: 'End the connection of a client',
        description:
          'Client and target are reset with the code `OPERATOR_CLOSED`. The client may connect again: revoke its grant to ' +
          'prevent that.',
        tags: ['connections'],
        params: IdParams,
        response: { 200: DisconnectedClient, ...problemResponses },
      },
    },
    async ({ params: { id }, actor }) => {
      const row = log.liveById(id)?.row();
      if (row === undefined) throw gone(id);
      const { connection, client, grantName, agent } = row;
      await store.audit.append({
        at: clock(),
        actor: actor.id,
        action: 'client.disconnect',
        subject: `connection:${connection}`,
        address: actor.address,
        before: { id, client, grant: grantName ?? undefined, agent: agent ?? undefined },
      });
      if (!disconnect(id)) throw gone(id);
      return { id, connection: connection ?? '', client: client ?? '' };
    },
  );
}

const gone = (id: string) =>
  new ProblemError(
    'NOT_FOUND',
    `No client with the ID ${id} is connected to this gateway. It may have left by itself.`,
  );
